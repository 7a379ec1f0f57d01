"""The one way into archives: every member is looked at before one byte of it is unpacked.

Nothing is ever written to disk under a name that an archive gives. Refused: too many members,
too much in them, compressed beyond reason, names that lead elsewhere, links and devices,
names given twice, members that share bytes, encrypted ones, a wrong checksum.
"""

from __future__ import annotations

import io
import stat
import struct
import unicodedata
import zipfile
import zlib

from core.agents.cards.faults import at_most, invalid
from core.errors import CardInvalid
from core.text import N_, words

MAX_MEMBERS = 1_000
MAX_MEMBER_BYTES = 16_000_000
MAX_TOTAL_BYTES = 48_000_000
MAX_RATIO = 200  # unpacked to packed, for members above _SMALL_BYTES
MAX_NAME = 255

_SMALL_BYTES = 1_000_000
_ENTRY_BYTES = 46  # of a member in the directory, before its name
_END, _END_BYTES = b"PK\5\6", 22
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_FOLDER_ENDS = ("/", "\\")


def is_archive(data: bytes) -> bool:
    return data.startswith((b"PK\3\4", _END)) or _end_of(data) is not None


def read_archive(data: bytes, file: str) -> dict[str, bytes]:
    """Every file in the archive, by name, in its order.

    Raises:
        CardInvalid: something of it is not as it must be; nothing was unpacked before the
            whole directory was found to be right.
    """
    _check_end(data, file)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            members = [one for one in opened.infolist() if not _is_folder(one, file)]
            _check_all(members, file)
            return {one.filename: _content(opened, one, file) for one in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        found = str(error) or type(error).__name__
        raise invalid(file, "ZIP", words(N_("a whole archive")), found) from None
    except (struct.error, ValueError, OverflowError, OSError):
        found_words = words(N_("something else"))
        raise invalid(file, "ZIP", words(N_("a whole archive")), found_words) from None


def write_archive(members: dict[str, bytes]) -> bytes:
    """An archive with these files; the same files give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)  # dated 1980: no clock of this machine in it
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, content)
    return made.getvalue()


def _end_of(data: bytes) -> int | None:
    at = data.rfind(_END, max(0, len(data) - _END_BYTES - 65_535))
    return at if 0 <= at <= len(data) - _END_BYTES else None


def _check_end(data: bytes, file: str) -> None:
    """The directory's size, before `zipfile` reads all of it into memory."""
    at = _end_of(data)
    if at is None:
        raise invalid(file, "ZIP", words(N_("a whole archive")), words(N_("no directory in it")))
    count, size = struct.unpack("<HI", data[at + 10 : at + 16])
    if count > MAX_MEMBERS or size > MAX_MEMBERS * (_ENTRY_BYTES + MAX_NAME):
        raise _too_many(file)
    if data.rfind(b"PK\6\7", max(0, at - 20), at) >= 0:
        raise invalid(file, "ZIP", words(N_("a small archive")), "ZIP64")


def _is_folder(member: zipfile.ZipInfo, file: str) -> bool:
    if not member.filename.endswith(_FOLDER_ENDS) or member.file_size:
        return False
    _check_name(member.filename.rstrip("/"), file)
    return True


def _check_all(members: list[zipfile.ZipInfo], file: str) -> None:
    if len(members) > MAX_MEMBERS:
        raise _too_many(file)
    seen: set[str] = set()
    for member in members:
        _check_name(member.orig_filename, file)
        _check_kind(member, file)
        key = unicodedata.normalize("NFC", member.filename).casefold()
        if key in seen:
            expected = words(N_("each name once"))
            raise invalid(file, _shown(member), expected, words(N_("it twice")))
        seen.add(key)
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        raise invalid(file, "ZIP", at_most(MAX_TOTAL_BYTES), words(N_("more in it")))
    _check_apart(members, file)


def _check_name(name: str, file: str) -> None:
    parts = name.split("/")
    plain = name and len(name) <= MAX_NAME and not any(sign in name for sign in "\\:\0")
    plain = plain and all(unicodedata.category(sign)[0] != "C" for sign in name)
    if not plain or any(part.strip(" .") == "" for part in parts):
        shown = "".join(sign if sign.isprintable() else "?" for sign in name)
        expected = words(N_("names inside the archive"))
        raise invalid(file, "ZIP", expected, repr(shown[:60]))


def _check_kind(member: zipfile.ZipInfo, file: str) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        expected, found = words(N_("a plain file")), words(N_("a link or a device"))
        raise invalid(file, _shown(member), expected, found)
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        found = words(N_("an encrypted or unusual member"))
        raise invalid(file, _shown(member), words(N_("a plain file")), found)
    if member.file_size > MAX_MEMBER_BYTES:
        expected = at_most(MAX_MEMBER_BYTES)
        raise invalid(file, _shown(member), expected, words(N_("a larger one")))
    packed = max(member.compress_size, 1)
    if member.file_size > _SMALL_BYTES and member.file_size > MAX_RATIO * packed:
        expected = words(N_("at most {n} times its packed size"), n=MAX_RATIO)
        raise invalid(file, _shown(member), expected, words(N_("a larger one")))


def _check_apart(members: list[zipfile.ZipInfo], file: str) -> None:
    end = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            expected = words(N_("members with bytes of their own"))
            raise invalid(file, _shown(member), expected, words(N_("shared ones")))
        end = member.header_offset + 30 + member.compress_size


def _content(opened: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> bytes:
    with opened.open(member) as source:
        content = source.read(member.file_size + 1)  # at its end the checksum is compared
    if len(content) != member.file_size:
        expected = words(N_("{n} bytes"), n=member.file_size)
        raise invalid(file, _shown(member), expected, words(N_("{n} bytes"), n=len(content)))
    return content


def _shown(member: zipfile.ZipInfo) -> str:
    return member.filename[:60]


def _too_many(file: str) -> CardInvalid:
    expected = words(N_("at most {n} files"), n=MAX_MEMBERS)
    return invalid(file, "ZIP", expected, words(N_("more of them")))
