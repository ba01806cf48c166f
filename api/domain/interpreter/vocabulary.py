"""The words that the interpreter knows, prepared once from the dictionaries for fast look-up."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from api.domain.company.industries import industries
from api.domain.interpreter.lexer import PhraseSet, PhraseTable, phrase_stems
from api.domain.person.roles import role_book

# Ranks from the lowest up, for "director level and above". A rank is the key of a general role.
_JOINED_WORDS = 2
RANKS = ("manager", "director", "head", "vp", "c_level", "president", "founder", "owner")


@dataclass(frozen=True, slots=True)
class Wording:
    """``wording.toml``: sets of canonical words, and sets of phrases."""

    fillers: frozenset[str]
    people: frozenset[str]
    everyone: frozenset[str]
    all: frozenset[str]
    company_links: frozenset[str]
    employed_at: frozenset[str]
    companies: frozenset[str]
    makers: frozenset[str]
    premises: frozenset[str]
    clause_starts: frozenset[str]
    qualifiers: frozenset[str]
    asking_verbs: frozenset[str]
    phrase_ends: frozenset[str]
    phrase_edges: frozenset[str]
    keyword_fillers: frozenset[str]
    uncorrectable: frozenset[str]
    leading: frozenset[str]
    department_people: frozenset[str]
    describing: frozenset[str]
    above: frozenset[str]
    employees: frozenset[str]
    employee_adjectives: frozenset[str]
    states_size: frozenset[str]
    may_hold: frozenset[str]
    after_size: frozenset[str]
    asking: frozenset[str]
    records: frozenset[str]
    place_prepositions: frozenset[str]
    place_endings: frozenset[str]
    no_place_before: frozenset[str]
    ordinary_words: frozenset[str]
    excluding: PhraseSet
    mentioning: PhraseSet
    doing: PhraseSet
    requests: PhraseSet
    purposes: PhraseSet
    asking_again: PhraseSet
    over: PhraseSet
    at_least: PhraseSet
    under: PhraseSet
    at_most: PhraseSet
    exactly: PhraseSet
    or_more: PhraseSet
    or_fewer: PhraseSet
    holding: PhraseSet
    small: PhraseSet
    small_or_medium: PhraseSet
    medium: PhraseSet
    large: PhraseSet
    counting: PhraseSet
    universal: PhraseSet
    leaders: PhraseSet
    in_charge: PhraseSet


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tables of phrases of canonical words; values are dictionary keys ("healthcare": several).

    ``dictionary_words`` are all words of roles and industries, ``general_words`` those of ranks,
    departments and the wording, ``all_words`` both. ``beginnings`` are the first words of all
    phrases, so that a word of none can be passed over at once. ``last_words_of_industries`` are
    their nouns.
    """

    roles: PhraseTable[str]
    levels: PhraseTable[str]
    functions: PhraseTable[str]
    lookalikes: PhraseTable[str]
    industry_names: PhraseTable[tuple[str, ...]]
    industry_adjectives: PhraseTable[tuple[str, ...]]
    dictionary_words: frozenset[str]
    all_words: frozenset[str]
    general_words: frozenset[str]
    last_words_of_industries: frozenset[str]
    beginnings: frozenset[str]


@lru_cache(maxsize=1)
def wording() -> Wording:
    """The words of asking, comparing and linking. Read at the first call, then kept."""
    data = _wording_file()
    words: dict[str, Any] = {
        name: frozenset(_stems(entry)) for name, entry in data["words"].items()
    }
    phrases: dict[str, Any] = {
        name: PhraseSet(map(_stems, entry)) for name, entry in data["phrases"].items()
    }
    return Wording(**words, **phrases)


def _wording_file() -> dict[str, Any]:
    text = files("api.domain.interpreter").joinpath("wording.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _words_of_wording() -> Iterator[str]:
    data = _wording_file()
    for entry in data["words"].values():
        yield from _stems(entry)
    for entry in data["phrases"].values():
        for phrase in entry:
            yield from _stems(phrase)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """All tables. Built at the first call (some tens of milliseconds), then kept."""
    book = role_book()
    roles = list(_role_phrases())
    names = [(name, x.key) for x in industries().values() for name in x.names]
    adjectives = [(name, x.key) for x in industries().values() for name in x.adjectives]
    levels = _table([(word, x.key) for x in book.levels for word in x.words])
    functions = _table([(word, x.key) for x in book.functions for word in x.words])
    lookalikes = _table([(phrase, phrase) for phrase in book.lookalikes])
    role_table = _table([*roles, *_joined(roles)])
    name_table = _grouped([*names, *_joined(names)])
    adjective_table = _grouped([*adjectives, *_joined(adjectives)])
    phrases = [*roles, *names, *adjectives]
    dictionary_words = frozenset(
        stem for phrase, _ in [*phrases, *_joined(phrases)] for stem in _stems(phrase)
    )
    ranks = [word for x in book.levels for word in x.words]
    departments = [word for x in book.functions for word in x.words]
    others = {stem for x in (*ranks, *departments, *book.lookalikes) for stem in _stems(x)}
    return Vocabulary(
        roles=role_table,
        levels=levels,
        functions=functions,
        lookalikes=lookalikes,
        industry_names=name_table,
        industry_adjectives=adjective_table,
        dictionary_words=dictionary_words,
        all_words=dictionary_words.union(_words_of_wording(), others),
        general_words=frozenset(others).union(_words_of_wording()) - wording().place_endings,
        last_words_of_industries=frozenset(_stems(name)[-1] for name, _ in names),
        beginnings=wording().leading.union(
            wording().people,
            wording().leaders.beginnings,
            role_book().ambiguous,
            wording().makers,
            ("in", "from", "assistant", "secretary", "advisor", "aide"),
            ("run", "running", "heading", "manage", "handle", "handling"),
            wording().in_charge.beginnings,
            *(table.beginnings for table in (role_table, levels, functions, lookalikes)),
            *(table.beginnings for table in (name_table, adjective_table)),
        ),
    )


def _role_phrases() -> Iterator[tuple[str, str]]:
    """Phrases of the written roles; those of levels and functions are combined by the parser."""
    book = role_book()
    products = {f"{x.key}_{y.key}" for x in book.levels for y in book.functions}
    for role in book.roles.values():
        if role.key not in products:
            yield from ((phrase, role.key) for phrase in (*role.phrases, role.short.lower()))


def _joined(entries: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Phrases of two words without the space that people forget: "lawfirm"."""
    known = {phrase for phrase, _ in entries}
    pairs = ((phrase.split(" "), key) for phrase, key in entries)
    return [
        ("".join(words), key)
        for words, key in pairs
        if len(words) == _JOINED_WORDS
        and min(map(len, words)) > 2
        and all(word.isalpha() for word in words)
        and "".join(words) not in known
    ]


def _table(entries: list[tuple[str, str]]) -> PhraseTable[str]:
    return PhraseTable((_stems(phrase), key) for phrase, key in entries)


def _grouped(entries: list[tuple[str, str]]) -> PhraseTable[tuple[str, ...]]:
    """Like ``_table``, where one phrase may stand for several keys."""
    keys: dict[tuple[str, ...], tuple[str, ...]] = {}
    for phrase, key in entries:
        stems = _stems(phrase)
        if key not in keys.get(stems, ()):
            keys[stems] = (*keys.get(stems, ()), key)
    return PhraseTable(keys.items())


def _stems(phrase: str) -> tuple[str, ...]:
    return phrase_stems(phrase, role_book().spelling)
