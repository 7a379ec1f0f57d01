"""Characters for the training dialogues, and how a tone's words are understood."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Template
from jinja2.sandbox import SandboxedEnvironment

from core.starter import names
from core.starter.wording_files import Language, Split, load, tones

TEMPLATE = Path(__file__).parents[2] / "config" / "templates" / "starter.j2"
NEUTRAL = "neutral"


@dataclass(frozen=True)
class Persona:
    """What a prompt says about a character; any of the words may be empty."""

    name: str
    role: str = ""
    tone: str = ""
    personality: str = ""
    keys: tuple[str, ...] = (NEUTRAL,)


BUNDLED = (
    Persona("Mizuho", "host of the veranda", "polite, warm", "attentive", ("polite", "warm")),
    Persona("Ren", "engineer", "casual, dry", "curious", ("casual", "dry")),
    Persona("Aki", "storyteller", "cheerful, playful", "imaginative", ("cheerful", "playful")),
)


_TRADES = (
    "職人", "師", "係", "屋", "番", "使い", "博士", "見習い", "の先生", "守り", "研究家", "監督",
)  # fmt: skip
_WORD = {"en": re.compile(r"[a-z]{3,}"), "ja": re.compile(r"[ぁ-んァ-ヶー一-龯]{2,}")}
_TONE_FORMS = {
    "en": ("very {}", "{} tone", "slightly {}", "a {} tone", "quite {}", "{} style", "always {}"),
    "ja": ("{}口調", "{}な", "{}感じ", "{}話し方", "とても{}", "少し{}", "{}な口調", "{}に"),
}
_TONE_JOINS = {"en": (", ", ", ", ", ", " and ", " & "), "ja": (", ", ", ", "、", "、", "で")}


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = SandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def system_text(persona: Persona) -> str:
    """Render the starter's only system text from `config/templates/starter.j2`."""
    return (
        _template()
        .render(
            name=persona.name,
            role=persona.role,
            tone=persona.tone,
            personality=persona.personality,
        )
        .strip()
    )


def draw(rng: random.Random, language: Language, split: Split) -> Persona:
    """Draw a character; its words are mostly of the language that is spoken."""
    if rng.random() < 0.04 and split == "train":
        return rng.choice(BUNDLED)
    words: Language = language if rng.random() < 0.85 else _other(language)
    tone, keys = _tone(rng, words, split) if rng.random() < 0.9 else ("", (NEUTRAL,))
    return Persona(
        name=names.draw(rng, language, split),
        role=_role(rng, words, split) if rng.random() < 0.85 else "",
        tone=tone,
        keys=keys,
        personality=_traits(rng, words, split) if rng.random() < 0.6 else "",
    )


def _other(language: Language) -> Language:
    return "ja" if language == "en" else "en"


def _role(rng: random.Random, language: Language, split: Split) -> str:
    words = load(f"{language}/roles")
    if split == "held":
        return str(rng.choice(words["held_roles"]))
    chance = rng.random()
    if chance < 0.35:
        return str(rng.choice(words["roles"]))
    if chance < 0.6:
        odd = _odd_role(rng, language)
        return odd if odd not in words["held_roles"] else str(rng.choice(words["roles"]))
    gap, of = (" ", "") if language == "en" else ("", "の")
    domain, head = rng.choice(words["domains"]), rng.choice(words["heads"])
    base = rng.choice((f"{domain}{of or gap}{head}", str(rng.choice(words["roles"]))))
    if rng.random() < 0.4:
        base = f"{rng.choice(words['adjectives'])}{gap}{base}"
    elif rng.random() < 0.12:
        base = f"{base}, {rng.choice(words['roles'])}"
    return base if rng.random() < 0.92 or language == "ja" else base.capitalize()


def _odd_role(rng: random.Random, language: Language) -> str:
    """A role that nobody has: it can only be copied."""
    if rng.random() < 0.5:
        return _made_role(rng, language)
    things = load(f"{language}/oos")["lists"]["thing" if language == "en" else "もの"]
    thing = str(rng.choice(things))
    if language == "en":
        gap, ends = rng.choice((" ", " ", " of the ")), load("en/roles")["heads"]
        return f"{rng.choice(ends)}{gap}{thing}" if "of" in gap else f"{thing} {rng.choice(ends)}"
    return f"{thing}{rng.choice(('の', '', ''))}{rng.choice(_TRADES)}"


def _made_role(rng: random.Random, language: Language) -> str:
    """Words or pieces of words in an order that says nothing."""
    words = _word_pool(language)
    picked = [rng.choice(words) for _ in range(rng.choice((1, 2, 2, 3)))]
    if language == "en":
        unknown = rng.random() < 0.4
        return " ".join(names.word(rng) if unknown else one for one in picked)
    pieces = [word[: rng.randrange(1, 4)] for word in picked]
    if rng.random() < 0.4:
        pieces[0] = names.word(rng, "ja")
    end = rng.choice(("", "", rng.choice(_TRADES), names.draw(rng, "ja", "train")))
    return rng.choice(("", "", "の")).join(pieces) + end


@lru_cache(maxsize=2)
def _word_pool(language: Language) -> tuple[str, ...]:
    lists: dict[str, list[str]] = load(f"{language}/oos")["lists"]
    found: set[str] = set()
    for entries in lists.values():
        for entry in entries:
            found.update(_WORD[language].findall(str(entry)))
    return tuple(sorted(found))


def _tone(rng: random.Random, language: Language, split: Split) -> tuple[str, tuple[str, ...]]:
    table = tones(language)
    if rng.random() < 0.05:  # a word that is no tone we know: answer neutrally
        return names.draw(rng, language, split).lower(), (NEUTRAL,)
    keys = rng.sample([key for key in table if key != NEUTRAL], rng.choice((1, 1, 1, 1, 2)))
    words = [str(rng.choice(table[key]["labels"])) for key in keys]
    if rng.random() < 0.15:
        words = [rng.choice(_TONE_FORMS[language]).format(word) for word in words]
    return rng.choice(_TONE_JOINS[language]).join(words), tuple(keys)


def _traits(rng: random.Random, language: Language, split: Split) -> str:
    words = load(f"{language}/roles")["held_traits" if split == "held" else "traits"]
    return ", ".join(rng.sample(words, rng.choice((1, 1, 2))))
