"""Which roles a job title says that its bearer holds. Runs once per distinct title, on load.

A title is cut into parts at commas, slashes, "and", dashes and brackets. In each part the longest
dictionary phrases are found; ranks and departments are collected and combined, also across parts
("VP, Marketing", "Director of Sales & Operations"). Phrases that only look like a role ("Product
Owner") are known and pass; whoever is only mentioned ("Assistant to the CEO", "Former CEO") is not
held against the bearer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache, lru_cache

from api.domain.interpreter.lexer import PhraseTable, canonical, fold_word, phrase_stems
from api.domain.person.roles import C_LEVEL, DECIDING_SENIORITIES, DECISION_MAKER, Role, role_book

# Longer than any real title; what follows is not read.
_TITLE_CHARS_MAX = 300
_CACHED_TITLES = 100_000
# "chief human resources officer" has two words between; more is no one title any more.
_WORDS_OF_A_CHIEF_MAX = 5

_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|&|[,/+|;()–—·•:@]|(?<=\s)-(?=\s)")
_DOT_IN_INITIALS = re.compile(r"\.(?=[^\W_]{2})")
_AND = "and"
_COMMA = ","
_HARD = "|"
_SEPARATORS = {
    "&": _AND, "+": _AND, "/": "/", ",": _COMMA, "-": _COMMA, "–": _COMMA, "—": _COMMA,
    "(": _COMMA, ":": _COMMA, ")": _HARD, "|": _HARD, ";": _HARD, "·": _HARD, "•": _HARD,
}  # fmt: skip
_MARKS = frozenset({_AND, "/", _COMMA, _HARD})
_NOW = frozenset({"now", "currently", "current"})
_TOGETHER = frozenset({_AND, "/"})
_APART = frozenset({_HARD, "/"})
_ASSISTANTS = frozenset({"executive_assistant", "administrative_assistant"})
_EMPLOYED_AT = frozenset({"at", "@"})


class _Kind(Enum):
    ROLE = auto()
    LEVEL = auto()
    FUNCTION = auto()
    LOOKALIKE = auto()
    REFERENCE = auto()


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: _Kind
    key: str


# An assistant vice president is no assistant.
_HELD = frozenset({_Kind.ROLE, _Kind.LEVEL})
_HEAD = _Meaning(_Kind.LEVEL, "head")
_OF = frozenset({"of", "for"})


@dataclass(slots=True)
class _Part:
    """What one part of a title holds, and the separator before it."""

    separator: str
    roles: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    junior: bool = False
    # What an intern or apprentice is, and the profession of an owner with a degree.
    own: str | None = None
    credential: str | None = None
    mentions: bool = False


@lru_cache(maxsize=1)
def _table() -> PhraseTable[_Meaning]:
    book = role_book()
    general = {level.key for level in book.levels} | {C_LEVEL, DECISION_MAKER}
    spelling = book.spelling

    def entries() -> Iterator[tuple[tuple[str, ...], _Meaning]]:
        for reference in book.references:
            yield phrase_stems(reference, spelling), _Meaning(_Kind.REFERENCE, "")
        for level in book.levels:
            for word in level.words:
                meaning = _HEAD if level.key == _HEAD.key else _Meaning(_Kind.LEVEL, level.key)
                yield phrase_stems(word, spelling), meaning
        products = {f"{x.key}_{y.key}" for x in book.levels for y in book.functions}
        for role in book.roles.values():
            if role.key not in general and role.key not in products:
                for phrase in role.phrases:
                    yield phrase_stems(phrase, spelling), _Meaning(_Kind.ROLE, role.key)
        for function in book.functions:
            for word in function.words:
                yield phrase_stems(word, spelling), _Meaning(_Kind.FUNCTION, function.key)
        for phrase in book.lookalikes:
            yield phrase_stems(phrase, spelling), _Meaning(_Kind.LOOKALIKE, "")

    return PhraseTable(entries())


@lru_cache(maxsize=_CACHED_TITLES)
def classify_title(title: str | None) -> tuple[str, ...]:
    """The keys of all roles that a title holds, sorted; empty when it says nothing. Never raises.

    A role brings what it implies: "Co-Founder & CMO" is co_founder, founder, cmo, c_level and
    decision_maker; "SVP, Marketing" is svp_marketing, vp_marketing, svp and vp.
    """
    if not title:
        return ()
    keys: set[str] = set()
    for key in _held(_parts(_stems(title[:_TITLE_CHARS_MAX]))):
        keys.update(_with_implied(key))
    return tuple(sorted(keys))


@cache
def _with_implied(key: str) -> tuple[str, ...]:
    return (key, *role_book().roles[key].broader)


def _stems(title: str) -> list[str]:
    """Canonical words and separators of a title, without the employer in "CEO at Acme"."""
    text = _DOT_IN_INITIALS.sub(" ", title).replace(".", "") if "." in title else title
    stems = [_piece_stem(piece) for piece in _PIECE.findall(text)]
    for mark in _EMPLOYED_AT.intersection(stems):
        position = stems.index(mark)
        if stems[position + 1 : position + 2] != ["law"]:
            del stems[position:]
    return stems


@lru_cache(maxsize=_CACHED_TITLES)
def _piece_stem(piece: str) -> str:
    return _SEPARATORS.get(piece) or canonical(fold_word(piece), role_book().spelling)


def _parts(stems: list[str]) -> list[_Part]:
    table, juniors, credentials = _table(), role_book().juniors, role_book().credentials
    part = _Part(_HARD)
    parts = [part]
    position, stop, mentioned = 0, len(stems), False
    while position < stop:
        stem = stems[position]
        match = table.longest(stems, position, stop)
        if match is None and stem in _MARKS:
            # Only a hard separator ends "former": "Former CEO & Founder" was both.
            mentioned = mentioned and stem != _HARD
            part = _Part(stem, mentions=mentioned)
            parts.append(part)
            position += 1
            continue
        length, meaning = match or (1, None)
        chief = _chief(stems, position, stop) if stem == "chief" and meaning is None else 0
        if stem in juniors and (meaning is None or length == 1 or meaning.kind not in _HELD):
            part.junior = True
            part.own = meaning.key if meaning is not None and not mentioned else None
        elif stem in credentials and stems[position - 1] == _COMMA:
            part.credential = credentials[stem]
        elif stem in _NOW:
            mentioned = part.mentions = False
        elif meaning is not None and meaning.kind is _Kind.REFERENCE:
            mentioned = True
        elif not mentioned and not (meaning is _HEAD and not _heads(stems, position + 1)):
            _note(part, meaning, C_LEVEL if chief else None)
        position += chief or length
    return parts


def _heads(stems: list[str], following: int) -> bool:
    """Whether "head" is a rank here: "Head of Sales", "Sales Head", not "Head Groundskeeper"."""
    if following >= len(stems) or stems[following] in _MARKS or stems[following] in _OF:
        return True
    match = _table().longest(stems, following, len(stems))
    return match is not None and match[1].kind is _Kind.FUNCTION


def _chief(stems: list[str], start: int, stop: int) -> int:
    """Length of "chief … officer" from here, 0 when there is none."""
    for position in range(start + 1, min(stop, start + 1 + _WORDS_OF_A_CHIEF_MAX)):
        if stems[position] == "officer":
            return position + 1 - start
        if stems[position] in _MARKS and stems[position] != _AND:
            return 0
    return 0


def _note(part: _Part, meaning: _Meaning | None, chief: str | None) -> None:
    if chief is not None:
        part.roles.append(chief)
    elif meaning is None:
        return
    elif meaning.kind is _Kind.ROLE:
        part.roles.append(meaning.key)
    elif meaning.kind is _Kind.LEVEL:
        part.levels.append(meaning.key)
    elif meaning.kind is _Kind.FUNCTION:
        part.functions.append(meaning.key)


def _held(parts: list[_Part]) -> Iterator[str]:
    """The role keys of the parts; ranks take departments of neighbouring parts as written."""
    roles = role_book().roles
    levels: list[str] = []
    bare = False  # the rank before has no department yet: "VP, Marketing"
    waiting: list[str] = []  # departments before their rank: "Sales & Marketing Director"
    serving = deciding = False
    for part in parts:
        if part.own is not None:
            yield part.own
        if part.credential is not None and deciding:
            yield part.credential
        deciding = deciding or any(
            roles[key].seniority in DECIDING_SENIORITIES for key in part.roles
        )
        together = part.separator in _TOGETHER
        if part.separator in _APART:
            serving = False
        if not part.junior:
            yield from (key for key in part.roles if not (serving and _is_served(roles[key])))
        serving = serving or part.junior or not _ASSISTANTS.isdisjoint(part.roles)
        if part.junior:
            levels, waiting, bare = [], [], False
        elif part.levels:
            functions = part.functions + (waiting if together else [])
            yield from _ranks(part.levels, functions)
            levels, bare, waiting = part.levels, not functions, []
        elif part.functions and levels and (bare or together):
            yield from _ranks(levels, part.functions)
            bare = False
        elif part.functions:
            waiting = waiting + part.functions if together else part.functions
        else:
            # "EVP & CFO" is the EVP of finance.
            fields = [roles[key].function for key in part.roles] if bare else []
            yield from _ranks(levels, [field for field in fields if f"vp_{field}" in roles])
            levels, waiting, bare = [], [], False


def _is_served(role: Role) -> bool:
    """Whether an assistant who names this role after their own works for its bearer."""
    return role.seniority in DECIDING_SENIORITIES or role.seniority == "partner"


def _ranks(levels: list[str], functions: list[str]) -> Iterator[str]:
    for level in levels:
        yield level
        for function in functions:
            yield f"{level}_{function}"
