"""Numbers in a query: how many employees the companies have, and how many records are wanted."""

from dataclasses import dataclass, replace

from api.domain.interpreter.lexer import singular
from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.vocabulary import vocabulary, wording
from api.domain.person.roles import roles
from api.errors import invalid

SIZE_RULE = "employee_count"
COUNT_RULE = "requested_records"
# More than any company employs, and more than any answer holds.
NUMBER_MAX = 1_000_000_000

_NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
# "The first hundred" is a number without another one before it.
_BEFORE_A_MULTIPLE = frozenset({"first", "top", "next", "over", "under", "than"})
_UNITS_BEFORE = frozenset({"employee", "fte", "headcount", "staff"})
_COUPLE = ["a", "couple"]
_HALF_A_DOZEN = ["half", "a", "dozen"]
MULTIPLES = {"hundred": 100, "thousand": 1_000, "dozen": 12, "million": 1_000_000}


@dataclass(slots=True)
class Range:
    """Bounds of the head count, inclusive; ``None`` is open."""

    low: int | None = None
    high: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is a bound at all."""
        return self.low is not None or self.high is not None

    def widen(self, low: int, high: int) -> None:
        """All from this range to another."""
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)

    def narrow(self, low: int | None, high: int | None) -> None:
        """Both this range and another: the bounds that are stricter."""
        if low is not None:
            self.low = low if self.low is None else max(self.low, low)
        if high is not None:
            self.high = high if self.high is None else min(self.high, high)


def _is_alternative(reading: Reading, begin: int) -> bool:
    """Whether a head count goes on a list of them: "11-50 or 51-200"."""
    joint = reading.stem(begin - 1) in {"or", "and"}
    listed = joint or reading.gap(begin) == ","
    last = begin - 1 - joint
    return listed and last >= 0 and reading.rules[last] == SIZE_RULE


def read_sizes(reading: Reading) -> Range:
    """The head counts that the text states in numbers, all together.

    Where no company can meet them all they stay as they were said, with a warning.
    """
    found = Range()
    position = 0
    while position < len(reading.words):
        stop = _size_at(reading, position, found)
        position = stop or position + 1
    if found.low is not None and found.high is not None and found.low > found.high:
        reading.warnings.append(contradiction(found.low, found.high))
    return found


def contradiction(low: int, high: int) -> str:
    """The warning about bounds that exclude each other."""
    return f"No company has at least {low:,} and at most {high:,} employees; nothing is found."


def read_count(reading: Reading) -> int | None:
    """The number of records that the text asks for. Raises ``invalid_input`` for zero."""
    for position in range(len(reading.words)):
        if not reading.is_free(position):
            continue
        number = _number_at(reading, position)
        if number is None:
            continue
        value, stop = number
        leading = all(stem in wording().asking for stem in reading.stems[:position])
        counted = reading.ends_with(wording().counting, position)
        if not leading and not counted and reading.stem(stop) not in wording().records:
            continue
        if reading.gap(position).endswith(("$", "€", "£")) or reading.gap(stop).startswith("%"):
            continue
        if value == 0:
            raise invalid("q", "ask for at least one record, for example 'top 25 CEOs in Texas'.")
        if value > NUMBER_MAX:
            reading.warnings.append(
                "The requested number of records is too large and was not used."
            )
            reading.take(position, stop, UNUSED)
            return None
        if reading.stem(stop) in wording().records:
            stop += 1
        reading.take(position - counted, stop, COUNT_RULE)
        return value
    return None


def _number_at(reading: Reading, position: int) -> tuple[int, int] | None:
    """The value of a number in digits or words, and the position after it."""
    word = reading.words[position]
    counted = word.stem in MULTIPLES and reading.stem(position - 1) in _BEFORE_A_MULTIPLE
    spelled = word.stem in _NUMBER_WORDS or word.stem in {"a", "half"} or counted
    if (word.number is None and not spelled) or not reading.is_free(position):
        return None
    if reading.stems[position : position + 3] == _HALF_A_DOZEN:
        return 6, position + 3
    if reading.stems[position : position + 2] == _COUPLE:
        after = position + 2 + (reading.stem(position + 2) == "of")
        size = MULTIPLES.get(reading.stem(after))
        return (2 * size, after + 1) if size else None
    total, current, at = 0, 0, position
    if word.number is not None:
        current = word.number
        at += 1
    elif counted:
        current = 1
    elif word.stem == "a" and reading.stem(at + 1) in MULTIPLES:
        current = 1
        at += 1
    else:
        while reading.is_free(at) and reading.stem(at) in _NUMBER_WORDS:
            current += _NUMBER_WORDS[reading.stem(at)]
            at += 1
    if at == position and not counted:
        return None
    while reading.is_free(at) and not reading.words[at].breaks:
        stem = reading.stem(at)
        if stem in MULTIPLES:
            current *= MULTIPLES[stem]
            if MULTIPLES[stem] >= 1_000:
                total, current = total + current, 0
        elif stem == "and" and _goes_on(reading, at):
            pass
        elif stem in _NUMBER_WORDS and reading.words[position].number is None:
            current += _NUMBER_WORDS[stem]
        else:
            break
        at += 1
    # A lone "one" is a pronoun: "one of the owners"; not in "one to five".
    ranged = reading.stem(at) in {"to", "through"} or reading.stem(position - 1) == "between"
    counts = ranged or reading.gap(at).startswith("-")
    if at == position + 1 and reading.stem(position) == "one" and not counts:
        return None
    return min(total + current, NUMBER_MAX + 1), at


def _goes_on(reading: Reading, at: int) -> bool:
    """Whether "and" is within a number: "two hundred and fifty"."""
    following = reading.stem(at + 1)
    return (
        reading.stem(at - 1) in {"hundred", "thousand"}
        and following in _NUMBER_WORDS
        and reading.stem(at + 2) not in MULTIPLES
        and not {"between", "from"} & set(reading.stems[max(0, at - 4) : at])
    )


@dataclass(frozen=True, slots=True)
class _Statement:
    """Bounds that the words from ``begin`` to ``stop`` state, and in which way they do."""

    low: int | None
    high: int | None
    begin: int
    stop: int
    compared: bool = True
    has_unit: bool = False


def _size_at(reading: Reading, position: int, found: Range) -> int | None:
    """Reads a head count whose number is at ``position``; the position after it, if it is one."""
    number = _number_at(reading, position)
    if number is None or reading.gap(position).endswith(("$", "€", "£")):
        return None
    stated = _range(reading, position, number) or _bound(reading, position, number)
    unit = _unit(reading, stated.stop)
    before = _unit_before(reading, stated)
    if before:
        # "With employees between 10 and 50"
        stated = replace(stated, begin=stated.begin - 1, has_unit=True)
    held = _held(reading, stated.begin)
    of_role = _people_of_a_role(reading, stated, held)
    if of_role:
        found.narrow(stated.low, None)
        stop = stated.stop + of_role
        typed = " ".join(word.text for word in reading.words[stated.begin : stop])
        reading.warnings.append(f'"{typed}" was read as at least {stated.low} employees.')
        reading.take(stated.begin - held, stop, SIZE_RULE)
        return stop
    if not _is_size(reading, stated, unit=unit, held=held):
        return None
    if max(stated.low or 0, stated.high or 0) > NUMBER_MAX:
        return None
    low, high = stated.low, stated.high
    if low is not None and high is not None and low > high:
        low, high = high, low
        reading.warnings.append(f"The range of employees was read as {low:,} to {high:,}.")
    if low is not None and high is not None and _is_alternative(reading, stated.begin - held):
        found.widen(low, high)
        reading.warnings.append(f"Ranges were read as {found.low:,} to {found.high:,} employees.")
    else:
        found.narrow(low, high)
    reading.take(stated.begin - held, stated.stop + unit, SIZE_RULE)
    return stated.stop + unit


def _people_of_a_role(reading: Reading, stated: _Statement, held: int) -> int:
    """Length of a role whose bearers are counted, after "with 10+": "law firms with 10+ lawyers".

    A company with ten of them has no fewer employees; how many more is not known.
    """
    leading = reading.stems[stated.begin - held : stated.begin]
    if wording().may_hold.isdisjoint(leading) or not stated.low or stated.stop == stated.begin:
        return 0
    if not reading.is_free(stated.stop) or _unit(reading, stated.stop):
        return 0
    role = reading.match(vocabulary().roles, stated.stop)
    # Partners and owners need not be employees.
    if role is None or roles()[role[1]].seniority != "staff" or stated.low > NUMBER_MAX:
        return 0
    last = reading.words[stated.stop + role[0] - 1].fold
    return role[0] if singular(last) != last else 0


def _range(reading: Reading, position: int, number: tuple[int, int]) -> _Statement | None:
    """Two numbers: "between 11 and 50", "from 10 to 50", "10-50"."""
    low, stop = number
    opened = reading.stem(position - 1) in {"between", "from"}
    link = reading.stem(stop)
    if link in {"to", "through"} or (link == "and" and opened):
        at = stop + 1
    elif link == "up" and opened and reading.stem(stop + 1) == "to":
        at = stop + 2
    elif reading.gap(stop) in {"-", "–", "—"}:
        at = stop
    else:
        return None
    second = _number_at(reading, at) if at < len(reading.words) else None
    return None if second is None else _Statement(low, second[0], position - opened, second[1])


def _bound(reading: Reading, position: int, number: tuple[int, int]) -> _Statement:
    """One number: "over 50", "50+", "50 or more", "50 employees or fewer", "exactly 50"."""
    value, stop = number
    known = wording()
    mark = reading.gap(position)
    for phrases, signs, low, high in (
        (known.at_least, (">=", "≥", "=>"), value, None),
        (known.at_most, ("<=", "≤", "=<"), None, value),
        (known.over, (">",), value + 1, None),
        (known.under, ("<",), None, max(value - 1, 0)),
    ):
        length = reading.ends_with(phrases, position)
        if length or mark.endswith(signs):
            return _Statement(low, high, position - length, stop)
    if reading.gap(stop).startswith("+"):
        return _Statement(value, None, position, stop)
    unit = _unit(reading, stop)
    for after in (stop, stop + unit):
        has_unit = after > stop
        more = reading.starts_with(known.or_more, after)
        if more:
            return _Statement(value, None, position, after + more, has_unit=has_unit)
        fewer = reading.starts_with(known.or_fewer, after)
        if fewer:
            return _Statement(None, value, position, after + fewer, has_unit=has_unit)
    exactly = reading.ends_with(known.exactly, position)
    return _Statement(value, value, position - exactly, stop, compared=exactly > 0)


def _unit(reading: Reading, start: int) -> int:
    """Length of "employees", "full-time employees", "or so people" at a position."""
    position = start
    while reading.is_free(position) and reading.stem(position) in wording().employee_adjectives:
        position += 1
    is_team_member = reading.stem(position) == "member" and reading.stem(position - 1) == "team"
    if reading.is_free(position) and (
        reading.stem(position) in wording().employees or is_team_member
    ):
        return position + 1 - start
    return 0


def _unit_before(reading: Reading, stated: "_Statement") -> bool:
    """Whether a head count follows its unit: "employees between 10 and 50", "staff over 20"."""
    at = stated.begin - 1
    return (
        stated.compared
        and reading.is_free(at)
        and reading.stem(at) in _UNITS_BEFORE
        and wording().all.isdisjoint(reading.stems[max(0, at - 2) : at])
        and reading.gap(at + 1) in {"", ":", "=", ">", "<", ">=", "<="}
    )


def _held(reading: Reading, begin: int) -> int:
    """Length of what leads to a head count ("with", "having a team of") right before it."""
    length = reading.ends_with(wording().holding, begin)
    if length and reading.stem(begin - length - 1) in wording().may_hold:
        length += 1
    free = all(reading.is_free(position) for position in range(begin - length, begin))
    return length if free else 0


def _is_alone(reading: Reading, stop: int) -> bool:
    """Whether a number with a plus ends a text or a part of it: "SaaS, 50+, CTO"."""
    gap = reading.gap(stop)
    return gap.startswith("+") and (stop == len(reading.words) or len(gap) > 1)


def _is_size(reading: Reading, stated: _Statement, *, unit: int, held: int) -> bool:
    """Whether a number is a head count and no count of records, code, age or sum of money."""
    known = wording()
    begin, stop = stated.begin, stated.stop
    leading = reading.stems[begin - held : begin]
    if unit or stated.has_unit:
        # "50 people at law firms" asks for 50 records; "50-person firms" does not.
        adjective = "-" in reading.gap(stop) or reading.stem(stop + unit) in known.companies
        return stated.compared or adjective or held > 0
    if known.states_size.intersection(leading):
        return True
    ends = stop >= len(reading.words) or (reading.words[stop].breaks and reading.gap(stop) != "+")
    ends = ends or reading.stem(stop) in known.after_size
    # "Minimum 25 maximum 75"
    bounds = (known.at_least, known.at_most, known.over, known.under)
    ends = ends or any(reading.starts_with(phrases, stop) for phrases in bounds)
    closed = stated.low is not None and stated.high is not None
    if stated.compared and (
        _is_alone(reading, stop) or (closed and _is_alternative(reading, begin))
    ):
        return True
    kinds = known.companies | vocabulary().last_words_of_industries
    about_companies = reading.stem(begin - 1) in kinds
    # "Companies of 50-100"
    before = reading.stem(begin - held - 1)
    about_companies = about_companies or (leading == ["of"] and before in kinds)
    about_companies = about_companies or not known.may_hold.isdisjoint(leading)
    return stated.compared and ends and about_companies
