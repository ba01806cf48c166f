"""Roles and industries in a query: the longest phrase wins, wherever it stands."""

from dataclasses import dataclass, field

from api.domain.company.industries import industries
from api.domain.interpreter.interpretation import (
    DYNAMIC_INDUSTRY,
    DYNAMIC_ROLE,
    IndustryTerm,
    RoleTerm,
)
from api.domain.interpreter.lexer import singular_phrase
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import RANKS, Vocabulary, vocabulary, wording
from api.domain.person.roles import C_LEVEL, roles

ROLE_RULE = "role"
INDUSTRY_RULE = "industry"
# Words for what companies do, before an industry: "that do roofing".
ACTIVITY_RULE = "activity"

_OF = frozenset({"of", "for", "in"})
_LIST = frozenset({"and", "or"})
_LEVEL_RANKS = frozenset({"manager", "director", "head", "vp"})


@dataclass(slots=True)
class Terms:
    """The roles and industries found so far, by key, in the order of the text; and the excluded."""

    roles: dict[str, RoleTerm] = field(default_factory=dict)
    industries: dict[str, IndustryTerm] = field(default_factory=dict)
    excluded_roles: dict[str, RoleTerm] = field(default_factory=dict)
    excluded_industries: dict[str, IndustryTerm] = field(default_factory=dict)

    def add_role(self, key: str, *, excluded: bool = False) -> None:
        """Adds a role of the dictionary as it is reported."""
        to = self.excluded_roles if excluded else self.roles
        to.setdefault(key, role_term(key))

    def add_title(self, label: str, *, excluded: bool = False) -> None:
        """Adds a role that is in no dictionary, matched as words of the title."""
        to = self.excluded_roles if excluded else self.roles
        to.setdefault(label.lower(), RoleTerm(DYNAMIC_ROLE, label, None))

    def add_industry(self, key: str, *, excluded: bool = False) -> None:
        """Adds an industry of the dictionary as it is reported."""
        to = self.excluded_industries if excluded else self.industries
        to.setdefault(key, industry_term(key))


def role_term(key: str) -> RoleTerm:
    """A role of the dictionary as it is reported."""
    role = roles()[key]
    if role.taxonomy:
        return RoleTerm(role.key, role.label, role.key)
    return RoleTerm(DYNAMIC_ROLE, role.short, role.key)


def industry_term(key: str) -> IndustryTerm:
    """An industry of the dictionary as it is reported."""
    industry = industries()[key]
    reported = industry.key if industry.taxonomy else DYNAMIC_INDUSTRY
    return IndustryTerm(reported, industry.label, industry.key)


@dataclass(frozen=True, slots=True)
class _Found:
    """A phrase of the text and the dictionary keys that it stands for."""

    length: int
    keys: tuple[str, ...]
    title: str | None = None


_NOTHING = _Found(0, ())


def read_terms(reading: Reading, *, companies: bool = False) -> Terms:
    """The roles and industries of the text; ``companies`` reads what is both as the latter."""
    terms = Terms()
    beginnings = vocabulary().beginnings
    position = 0
    while position < len(reading.words):
        if not reading.is_free(position) or reading.stems[position] not in beginnings:
            position += 1
            continue
        role = _role_at(reading, position)
        industry = _industry_at(reading, position)
        if role.length == industry.length and role.length:
            linked = reading.stem(position - 1) in wording().company_links
            role = _NOTHING if companies or linked else role
        if role.length > industry.length or (role.length and role.length == industry.length):
            excluded = reading.negated[position]
            for key in role.keys:
                terms.add_role(key, excluded=excluded)
            if role.title is not None:
                terms.add_title(role.title, excluded=excluded)
            reading.take(position, position + role.length, ROLE_RULE)
            position += role.length
        elif industry.length:
            for key in industry.keys:
                terms.add_industry(key, excluded=reading.negated[position])
            reading.take(position, position + industry.length, INDUSTRY_RULE)
            position += industry.length
        else:
            position += 1
    return terms


def _role_at(reading: Reading, position: int) -> _Found:
    known = vocabulary()
    # What follows "at" is where people work: "at Owner Media" names no owner.
    if reading.stem(position - 1) == "at":
        return _NOTHING
    # Of phrases of one length the first counts: what is written out in the dictionary.
    candidates = []
    phrase = reading.match(known.roles, position)
    if phrase is not None:
        candidates.append(_with_above(reading, position, phrase[0], phrase[1]))
    lookalike = reading.match(known.lookalikes, position)
    if lookalike is not None:
        # "Product owners" own no company: they are found by the words of their title.
        typed = [word.text for word in reading.words[position : position + lookalike[0]]]
        candidates.append(_Found(lookalike[0], (), singular_phrase(typed)))
    candidates.append(_ranked(reading, position, known))
    candidates.append(_department_first(reading, position, known))
    candidates.append(_leading(reading, position, known))
    return max(candidates, key=lambda found: found.length)


def _with_above(reading: Reading, position: int, length: int, key: str) -> _Found:
    """A rank with what "level and above" adds to it, or just the role."""
    if key not in RANKS:
        return _Found(length, (key,))
    stop = position + length
    above = _above(reading, stop)
    if above is not None:
        return _Found(above - position, RANKS[RANKS.index(key) :])
    stop += key != C_LEVEL and reading.stem(stop) == "level"
    return _Found(stop - position, (key,))


def _above(reading: Reading, position: int) -> int | None:
    """The end of "and above", "level or higher" or "+" after a rank, ``None`` without them."""
    position += reading.stem(position) == "level"
    if reading.gap(position).startswith("+"):
        return position
    if reading.stem(position) in _LIST and reading.stem(position + 1) in wording().above:
        return position + 2
    return None


def _combined(levels: list[str], functions: list[str]) -> tuple[str, ...]:
    return tuple(f"{level}_{function}" for level in levels for function in functions)


def _upwards(level: str, functions: list[str]) -> tuple[str, ...]:
    """The roles of departments from a level up to their chiefs."""
    ranks = [rank for rank in RANKS[RANKS.index(level) :] if rank in _LEVEL_RANKS]
    return (*_combined(ranks, functions), *_chiefs_of(functions))


def _ranked(reading: Reading, position: int, known: Vocabulary) -> _Found:
    """Ranks before departments: "VP of Sales", "directors and heads of sales and marketing"."""
    levels: list[str] = []
    stop = position
    while True:
        match = reading.match(known.levels, stop)
        if match is None:
            break
        levels.append(match[1])
        stop += match[0]
        following = reading.stem(stop)
        if following not in _LIST or not _level_at(reading, stop + 1, known):
            break
        stop += 1
    if not levels or stop >= len(reading.words):
        return _NOTHING
    comma = reading.gap(stop) == ","
    if reading.words[stop].breaks and reading.gap(stop) not in {",", "."}:
        return _NOTHING
    stop += reading.stem(stop) in _OF
    functions, stop = _departments(reading, stop, known)
    # "VP, accounting manager" are two.
    if not functions or (comma and reading.is_free(stop) and _level_at(reading, stop, known)):
        return _NOTHING
    return _Found(stop - position, _combined(levels, functions))


def _department_first(reading: Reading, position: int, known: Vocabulary) -> _Found:
    """Departments before a rank: "sales directors", "sales and marketing VPs", "IT leaders"."""
    functions, stop = _departments(reading, position, known)
    if not functions or not reading.is_free(stop):
        return _NOTHING
    match = reading.match(known.levels, stop)
    if match is not None:
        stop += match[0]
        above = _above(reading, stop) if match[1] in RANKS else None
        if above is not None:
            return _Found(above - position, _upwards(match[1], functions))
        return _Found(stop - position, _combined([match[1]], functions))
    leaders = reading.starts_with(wording().leaders, stop)
    if leaders:
        return _Found(stop + leaders - position, _leaders_of(functions))
    if reading.stem(stop) in wording().department_people:
        return _Found(stop + 1 - position, _members_of(functions))
    return _NOTHING


def _leading(reading: Reading, position: int, known: Vocabulary) -> _Found:
    """Those who lead a department: "leading marketing", "in charge of IT"."""
    if reading.stem(position) in wording().leading:
        stop = position + 1
        stop += reading.stem(stop) == "the"
    else:
        stop = position + reading.starts_with(wording().in_charge, position)
    if stop == position:
        return _NOTHING
    functions, stop = _departments(reading, stop, known)
    if not functions:
        return _NOTHING
    if reading.stem(stop) in {"department", "team", "function"}:
        stop += 1
    return _Found(stop - position, _leaders_of(functions))


def _leaders_of(functions: list[str]) -> tuple[str, ...]:
    """The chiefs, vice presidents and heads of departments."""
    return (*_chiefs_of(functions), *_combined(["vp", "head"], functions))


def _chiefs_of(functions: list[str]) -> tuple[str, ...]:
    return tuple(
        role.key
        for role in roles().values()
        if role.function in functions and role.seniority == C_LEVEL
    )


def _members_of(functions: list[str]) -> tuple[str, ...]:
    """All roles of departments, without those that a listed role covers (an SVP is a VP)."""
    members = {role.key: role for role in roles().values() if role.function in functions}
    return tuple(key for key, role in members.items() if members.keys().isdisjoint(role.broader))


def _departments(reading: Reading, position: int, known: Vocabulary) -> tuple[list[str], int]:
    """Departments joined by "and", "or" or a slash from a position, and the position after them."""
    found: list[str] = []
    stop = at = position
    while reading.is_free(at):
        match = reading.match(known.functions, at)
        if match is None or _is_company_part(reading, at, match[0], known):
            break
        found.append(match[1])
        stop = at + match[0]
        if reading.stem(stop) in _LIST and not _level_at(reading, stop + 1, known):
            at = stop + 1
        elif reading.gap(stop) == "/":
            at = stop
        else:
            break
    return found, stop


def _is_company_part(reading: Reading, position: int, length: int, known: Vocabulary) -> bool:
    """Whether the words of a department rather begin an industry: "marketing agencies"."""
    stop = position + length
    name = reading.match(known.industry_names, position)
    return (name is not None and name[0] > length) or (
        reading.stem(stop) in wording().companies
        and known.industry_adjectives.get(tuple(reading.stems[position:stop])) is not None
    )


def _level_at(reading: Reading, position: int, known: Vocabulary) -> bool:
    return reading.match(known.levels, position) is not None


def _industry_at(reading: Reading, position: int) -> _Found:
    known = vocabulary()
    name = reading.match(known.industry_names, position)
    adjective = reading.match(known.industry_adjectives, position)
    if adjective is not None and (name is None or adjective[0] > name[0]):
        length, keys = adjective
        stop = position + length
        if reading.is_free(stop) and reading.stem(stop) in wording().companies:
            return _Found(_with_nouns(reading, stop) - position, keys)
        if _stands_for_companies(reading, position, stop, known):
            return _Found(length, keys)
        return _NOTHING
    if name is None:
        return _NOTHING
    length, keys = name
    # "Fashion boutiques" are boutiques: both words say the same.
    if adjective is not None and set(adjective[1]) & set(keys):
        again = reading.match(known.industry_names, position + adjective[0])
        if again is not None and set(again[1]) & set(adjective[1]):
            return _Found(adjective[0] + again[0], again[1])
    # "dental office managers" manage offices of dentists.
    last = position + length - 1
    role = reading.match(known.roles, last) if length > 1 else None
    if role is not None and role[0] > 1:
        shorter = known.industry_adjectives.get(tuple(reading.stems[position:last]))
        if shorter is not None:
            return _Found(length - 1, shorter)
    return _Found(_with_nouns(reading, position + length) - position, keys)


def _with_nouns(reading: Reading, position: int) -> int:
    """The position after nouns that only repeat that companies are meant: "bank companies"."""
    while (
        reading.is_free(position)
        and reading.stem(position) in wording().companies
        and not reading.words[position].breaks
    ):
        position += 1
    return position


def _stands_for_companies(reading: Reading, position: int, stop: int, known: Vocabulary) -> bool:
    """Whether an adjective without its noun means companies: "CEOs in construction"."""
    after = reading.stem(stop)
    if reading.is_free(stop) and not reading.words[stop].breaks:
        if reading.match(known.roles, stop) is not None:
            return True
        following = reading.match(known.industry_adjectives, stop + 1) if after in _LIST else None
        named = reading.match(known.industry_names, stop + 1) if after in _LIST else None
        if following is not None or named is not None:
            return True
    before = reading.stem(position - 1)
    before = reading.stem(position - 2) if before == "the" else before
    # "Companies that do roofing": what leads to it was read as saying what companies do.
    does = position > 0 and reading.rules[position - 1] == ACTIVITY_RULE
    ends = not reading.is_free(stop) or reading.words[stop].breaks
    return (does or before in wording().company_links) and (
        ends or after in wording().company_links or after in _LIST
    )
