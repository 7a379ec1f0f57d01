"""Check digits: what tells a real number from any row of digits."""

from __future__ import annotations

from collections.abc import Callable


def luhn(text: str) -> bool:
    """The checksum of payment cards."""
    total = 0
    for place, digit in enumerate(reversed(_digits(text))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def my_number(text: str) -> bool:
    """The check digit of a Japanese individual number (12 digits)."""
    digits = _digits(text)
    if len(digits) != 12:
        return False
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(digit * weight for digit, weight in zip(digits[:11], weights, strict=True)) % 11
    return digits[11] == (0 if rest <= 1 else 11 - rest)


def iban(text: str) -> bool:
    """The checksum of an international bank account number."""
    letters = "".join(text.split()).upper()
    if not letters.isascii() or not letters.isalnum():
        return False
    turned = letters[4:] + letters[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


CHECKS: dict[str, Callable[[str], bool]] = {"luhn": luhn, "my_number": my_number, "iban": iban}


def _digits(text: str) -> list[int]:
    """The digits of a text, full-width ones too."""
    return [int(letter) for letter in text if letter.isdecimal()]
