"""The role dictionary: what people are asked for, from ``roles.toml`` and ``occupations.toml``.

A role is written out in a file, or is the product of a level and a function: ``vp_marketing`` is
level ``vp`` and function ``marketing``. Both kinds look the same to the reader of ``roles()``.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

SENIORITIES = frozenset(
    {
        "owner",
        "founder",
        "partner",
        "c_level",
        "president",
        "vp",
        "avp",
        "director",
        "head",
        "manager",
        "senior",
        "staff",
        "other",
    }
)

DECISION_MAKER = "decision_maker"
C_LEVEL = "c_level"
DECIDING_SENIORITIES = frozenset({"owner", "founder", "president", "c_level"})


@dataclass(frozen=True, slots=True)
class Role:
    """One role. ``phrases`` are singular, lower-case, in canonical spelling.

    ``taxonomy`` roles are served from the precomputed path. ``broader`` are the keys of the roles
    that a bearer of this one holds as well, transitively closed ("co_founder": founder and
    decision_maker).
    """

    key: str
    label: str
    short: str
    function: str
    seniority: str
    taxonomy: bool
    phrases: tuple[str, ...]
    broader: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A rank that combines with every function; ``words`` are its forms in titles.

    ``broader`` is the level that its bearers have as well: an SVP is a VP.
    """

    key: str
    label: str
    words: tuple[str, ...]
    broader: str | None


@dataclass(frozen=True, slots=True)
class Function:
    """A department; ``words`` are its forms in titles, each of one or more words.

    ``broader`` is the department that it is a part of: tax is finance.
    """

    key: str
    label: str
    words: tuple[str, ...]
    broader: str | None = None


@dataclass(frozen=True, slots=True)
class RoleBook:
    """Everything in ``roles.toml``, checked and completed."""

    roles: Mapping[str, Role]
    levels: tuple[Level, ...]
    functions: tuple[Function, ...]
    spelling: Mapping[str, str]
    references: tuple[str, ...]
    juniors: frozenset[str]
    lookalikes: tuple[str, ...]
    credentials: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]


def roles() -> Mapping[str, Role]:
    """Every role by its key, in the order of the file. Read at the first call, then kept."""
    return role_book().roles


@lru_cache(maxsize=1)
def role_book() -> RoleBook:
    """The whole dictionary. Read at the first call, then kept."""
    text = files("api.domain.person").joinpath("roles.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    levels = tuple(
        Level(entry["key"], entry["label"], tuple(entry["words"]), entry.get("broader"))
        for entry in data["level"]
    )
    functions = tuple(
        Function(entry["key"], entry["label"], tuple(entry["words"]), entry.get("broader"))
        for entry in data["function"]
    )
    book = {entry["key"]: _written_role(entry) for entry in data["role"]}
    for role in _occupations():
        book.setdefault(role.key, role)
    for level in levels:
        for function in functions:
            product = _product(level, function)
            book[product.key] = product
    titles = data["titles"]
    return RoleBook(
        roles=MappingProxyType(
            {key: replace(role, broader=_implied(role, book)) for key, role in book.items()}
        ),
        levels=levels,
        functions=functions,
        spelling=MappingProxyType(data["spelling"]),
        references=tuple(titles["references"]),
        juniors=frozenset(titles["juniors"]),
        lookalikes=tuple(titles["lookalikes"]),
        credentials=MappingProxyType(titles["credentials"]),
        ambiguous=MappingProxyType({word: tuple(keys) for word, keys in data["ambiguous"].items()}),
    )


def _written_role(entry: Mapping[str, Any]) -> Role:
    if entry["seniority"] not in SENIORITIES:
        raise ValueError(f"roles.toml: {entry['key']} has no known seniority")
    return Role(
        key=entry["key"],
        label=entry["label"],
        short=entry["short"],
        function=entry["function"],
        seniority=entry["seniority"],
        taxonomy=entry.get("taxonomy", False),
        phrases=tuple(entry["phrases"]),
        broader=tuple(entry.get("broader", ())),
    )


def _occupations() -> Iterator[Role]:
    """The roles of ``occupations.toml``."""
    text = files("api.domain.person").joinpath("occupations.toml").read_text(encoding="utf-8")
    for group in tomllib.loads(text)["group"]:
        for line in group["occupations"]:
            names, _, broader = line.partition(">")
            phrases = tuple(name.strip() for name in names.split("|"))
            label = phrases[0][0].upper() + phrases[0][1:]
            yield Role(
                key=phrases[0].replace(" ", "_"),
                label=label,
                short=label,
                function=group["function"],
                seniority=group["seniority"],
                taxonomy=False,
                phrases=phrases,
                broader=tuple(broader.split()),
            )


def _product(level: Level, function: Function) -> Role:
    label = level.label.format(function=function.label)
    phrases = tuple(
        phrase
        for name in function.words
        for word in level.words
        for phrase in (f"{word} of {name}", f"{word} {name}", f"{name} {word}")
    )
    above = [f"{level.broader}_{function.key}"] if level.broader else []
    if function.broader:
        above.append(f"{level.key}_{function.broader}")
    return Role(
        key=f"{level.key}_{function.key}",
        label=label,
        short=label,
        function=function.key,
        seniority=level.broader or level.key,
        taxonomy=False,
        phrases=phrases,
        broader=(level.key, *above),
    )


def _implied(role: Role, book: Mapping[str, Role]) -> tuple[str, ...]:
    """Every key that a bearer of this role holds as well, nearest first."""
    found: dict[str, None] = {}
    waiting = [role]
    while waiting:
        current = waiting.pop(0)
        implied = list(current.broader)
        if current.seniority == C_LEVEL:
            implied.append(C_LEVEL)
        if current.seniority in DECIDING_SENIORITIES:
            implied.append(DECISION_MAKER)
        for key in implied:
            if key not in found and key != role.key:
                found[key] = None
                waiting.append(book[key])
    return tuple(found)
