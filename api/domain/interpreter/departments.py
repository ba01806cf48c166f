"""Departments and ranks in a query, in any order: "VPs of sales", "HR leaders", "people in IT"."""

from dataclasses import dataclass

from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import RANKS, Vocabulary, vocabulary, wording
from api.domain.person.roles import C_LEVEL, roles

_OF = frozenset({"of", "for", "in"})
_LIST = frozenset({"and", "or"})
_HANDLING = frozenset({"handle", "handling"})
_SENIOR = frozenset({"top", "senior", "leading", "key"})
_LEVEL_RANKS = frozenset({"manager", "director", "head", "vp"})


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of the text and the dictionary keys that it stands for."""

    length: int
    keys: tuple[str, ...]
    title: str | None = None
    begin: int | None = None


NOTHING = Found(0, ())


def above(reading: Reading, position: int) -> int | None:
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


def department_after(reading: Reading, position: int, rank: str) -> Found | None:
    """Departments after "directors and above": "in finance"; their roles from the rank upwards."""
    if reading.stem(position) not in _OF or rank not in _LEVEL_RANKS:
        return None
    functions, stop = _departments(reading, position + 1, vocabulary())
    return Found(stop - position, _upwards(rank, functions)) if functions else None


def ranked(reading: Reading, position: int, known: Vocabulary) -> Found:
    """Ranks before departments: "VP of Sales", "directors and heads of sales and marketing"."""
    levels: list[str] = []
    stop = position
    while True:
        match = reading.match(known.levels, stop)
        if match is None:
            break
        levels.append(match[1])
        stop += match[0]
        # "Manager-level marketing people"
        stop += reading.stem(stop) == "level"
        joint = reading.stem(stop) in _LIST
        # "vp/svp/evp of finance", "directors and heads of sales"
        listed = joint or (levels and reading.gap(stop) == "/")
        if not listed or not _level_at(reading, stop + joint, known):
            break
        stop += joint
    if not levels or stop >= len(reading.words):
        return NOTHING
    comma = reading.gap(stop) == ","
    if reading.words[stop].breaks and reading.gap(stop) not in {",", ".", "–"}:
        return NOTHING
    stop += reading.stem(stop) in _OF
    functions, stop = _departments(reading, stop, known)
    if len(functions) > 1 and reading.is_free(stop) and _level_at(reading, stop, known):
        # "Head of finance or finance director": the last department has a rank of its own.
        functions, stop = functions[:-1], _before_last(reading, stop, known)
    # "VP, accounting manager" are two.
    if not functions or (comma and reading.is_free(stop) and _level_at(reading, stop, known)):
        return NOTHING
    end = above(reading, stop) if levels[0] in _LEVEL_RANKS and len(levels) == 1 else None
    if end is not None:
        return Found(end - position, _upwards(levels[0], functions))
    return Found(stop - position, _combined(levels, functions))


def department_first(reading: Reading, position: int, known: Vocabulary) -> Found:
    """Departments before a rank: "sales directors", "sales and marketing VPs", "IT leaders"."""
    functions, stop = _departments(reading, position, known)
    if not functions or not reading.is_free(stop) or reading.words[stop].breaks:
        return NOTHING
    match = reading.match(known.levels, stop)
    if match is not None:
        stop += match[0]
        end = above(reading, stop) if match[1] in RANKS else None
        if end is not None:
            return Found(end - position, _upwards(match[1], functions))
        levels = [match[1]]
        # "Marketing managers and directors" are all of marketing; "and VPs of sales" are not.
        while reading.stem(stop) in _LIST:
            more = reading.match(known.levels, stop + 1)
            if more is None or _has_department(reading, stop + 1 + more[0], known):
                break
            levels.append(more[1])
            stop += 1 + more[0]
        return Found(stop - position, _combined(levels, functions))
    leaders = reading.starts_with(wording().leaders, stop)
    if leaders:
        return Found(stop + leaders - position, _leaders_of(functions))
    if reading.stem(stop) in wording().department_people:
        senior = reading.stem(position - 1) in _SENIOR
        keys = _leaders_of(functions) if senior else _members_of(functions)
        return Found(stop + 1 - position, keys)
    return NOTHING


def outside(reading: Reading, position: int, known: Vocabulary) -> Found:
    """Departments that an exclusion names: "VPs, not in sales"; all of their roles."""
    stop = position + (reading.stem(position) in {"in", "from"})
    if not reading.negated[position] or stop == position:
        return NOTHING
    functions, stop = _departments(reading, stop, known)
    ends = stop >= len(reading.words) or not reading.negated[stop]
    return Found(stop - position, _members_of(functions)) if functions and ends else NOTHING


def leading(reading: Reading, position: int, known: Vocabulary) -> Found:
    """Those who lead a department: "leading marketing", "in charge of IT"."""
    leaders = reading.starts_with(wording().leaders, position)
    handles = reading.stem(position) in _HANDLING and reading.stem(position - 1) == "who"
    if handles or reading.stem(position) in wording().leading:
        stop = position + 1
        stop += reading.stem(stop) == "the"
    elif leaders and reading.stem(position + leaders) in _OF:
        stop = position + leaders + 1
    else:
        stop = position + reading.starts_with(wording().in_charge, position)
    if stop == position:
        return NOTHING
    functions, stop = _departments(reading, stop, known)
    if not functions:
        return NOTHING
    if reading.stem(position) in _HANDLING:
        return Found(stop - position, _members_of(functions))
    if reading.stem(stop) in {"department", "team", "function"}:
        stop += 1
    return Found(stop - position, _leaders_of(functions))


def people_in(reading: Reading, position: int, known: Vocabulary) -> Found:
    """Everybody of a department: "people in marketing", "everyone who works in HR"."""
    if reading.stem(position) not in wording().people:
        return NOTHING
    stop = position + 1
    while reading.stem(stop) in {"who", "that", "work", "working"}:
        stop += 1
    if reading.stem(stop) not in {"in", "from"}:
        return NOTHING
    stop += 1 + (reading.stem(stop + 1) == "the")
    functions, stop = _departments(reading, stop, known)
    ends = stop >= len(reading.words) or not reading.is_free(stop) or reading.words[stop].breaks
    team = reading.stem(stop) in {"department", "team", "role", "function"}
    linked = reading.stem(stop) in wording().company_links
    if not functions or not (ends or team or linked):
        return NOTHING
    return Found(stop + team - position, _members_of(functions))


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
        and not reading.words[stop].breaks
        and known.industry_adjectives.get(tuple(reading.stems[position:stop])) is not None
    )


def _before_last(reading: Reading, stop: int, known: Vocabulary) -> int:
    """Where a list of departments that ends at ``stop`` ends without its last one."""
    at = stop
    while at > 0:
        at -= 1
        match = reading.match(known.functions, at)
        if match is not None and at + match[0] == stop and reading.stem(at - 1) in _LIST:
            return at - 1
        if reading.stem(at) in _LIST:
            return at
    return stop


def _has_department(reading: Reading, position: int, known: Vocabulary) -> bool:
    """Whether a rank that ends at a position is followed by its own department."""
    if position >= len(reading.words) or reading.words[position].breaks:
        return False
    position += reading.stem(position) in _OF
    return position < len(reading.words) and reading.match(known.functions, position) is not None


def _level_at(reading: Reading, position: int, known: Vocabulary) -> bool:
    return reading.match(known.levels, position) is not None
