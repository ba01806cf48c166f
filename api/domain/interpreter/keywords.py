"""Phrases that companies' texts must hold: quoted, after "mentioning", or left over."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from api.domain.interpreter.exclusions import EXCLUSION_RULE
from api.domain.interpreter.interpretation import MAX_TERMS
from api.domain.interpreter.kinds import ACTIVITY_RULE, makers_of
from api.domain.interpreter.lexer import singular_phrase
from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.vocabulary import vocabulary, wording

KEYWORD_RULE = "keyword"
# Of one phrase; longer ones are sentences.
KEYWORD_WORDS_MAX = 6

_JOINTS = frozenset({"and", "or"})
_LEADING_TO_FEATURES = frozenset({"with", "having", "have", "has", "for", "of"})
_BEFORE_FIELDS = frozenset({"in", "within", "anywhere", "the", "their", "its", "company"})
_FIELDS = frozenset({"description", "keyword", "text", "website", "profile", "tag", "name"})
_PRONOUNS = frozenset({"that", "who", "which", "they", "them", "those"})
_BEFORE_DOING = _PRONOUNS | {"also", "mainly", "primarily", "is"}


@dataclass(slots=True)
class Keywords:
    """The phrases asked for, those of which any will do, and those that exclude, in order."""

    wanted: dict[str, None] = field(default_factory=dict)
    any_of: dict[str, None] = field(default_factory=dict)
    excluded: dict[str, None] = field(default_factory=dict)

    def add(
        self, reading: Reading, spans: Iterable[tuple[int, int]], *, either: bool = False
    ) -> None:
        """Adds each span of words as a phrase; ``either`` says that one of them is enough."""
        wanted: dict[str, None] = {}
        for start, stop in spans:
            phrase = typed(reading, start, stop).lower()
            if any(reading.negated[start:stop]):
                self.excluded[phrase] = None
            else:
                wanted[phrase] = None
            reading.take(start, stop, KEYWORD_RULE)
        either = either and len(wanted) > 1
        if either and not self.any_of:
            self.any_of.update(wanted)
            return
        self.wanted.update(wanted)
        if either:
            named = ", ".join(f'"{phrase}"' for phrase in wanted)
            reading.warnings.append(f"Companies must have every one of {named}, not just any.")

    def add_guess(self, reading: Reading, start: int, stop: int, *, either: bool) -> None:
        """Adds words that are in no dictionary; with ``either`` in the singular as well."""
        words = reading.words[start:stop]
        one = singular_phrase([typed(reading, start, stop)]).lower()
        phrase = typed(reading, start, stop).lower()
        plain = not self.any_of and not any(reading.negated[start:stop])
        if either and plain and one != phrase and all(word.text.isalpha() for word in words):
            self.any_of.update({phrase: None, one: None})
            reading.take(start, stop, KEYWORD_RULE)
        else:
            self.add(reading, [(start, stop)])


def typed(reading: Reading, start: int, stop: int) -> str:
    """Words as they were typed, hyphens kept."""
    parts = [reading.words[start].text]
    for word in reading.words[start + 1 : stop]:
        mark = word.before if word.before in {"-", "/", "+", "."} else " "
        parts.append(mark + word.text)
    return "".join(parts)


def set_markup_aside(reading: Reading) -> None:
    """Names of elements in angle brackets are no words of a question."""
    for position, word in enumerate(reading.words):
        if word.before.endswith(("<", "</")) and reading.gap(position + 1)[:1] in {">", "/", "="}:
            reading.take(position, position + 1, UNUSED)


def protected_from_correction(reading: Reading) -> set[int]:
    """Words that companies' texts must hold; what is rare is not mistyped."""
    found: set[int] = set()
    for position in range(len(reading.words)):
        length = reading.starts_with(wording().doing, position)
        if length:
            found.update(range(position + length, end_of_phrase(reading, position + length)))
    return found


def read_mentions(reading: Reading, found: Keywords) -> None:
    """Phrases after words that say that a text holds them: "mentioning craft beer"."""
    position = 0
    while position < len(reading.words):
        length = reading.starts_with(wording().mentioning, position)
        if not length or not reading.is_free(position) or not _is_mention(reading, position):
            position += 1
            continue
        position = _phrases_after(reading, position, length, found) or position + 1


def read_activities(reading: Reading, found: Keywords) -> None:
    """Phrases after words for what companies do: "that handle personal injury".

    What is itself an industry is left to be read as one where no other industry is named.
    """
    position = 0
    while position < len(reading.words):
        length = reading.starts_with(wording().doing, position)
        start = position + length
        if not length or not reading.is_free(position) or not reading.is_free(start):
            position += 1
            continue
        role = reading.match(vocabulary().roles, position)
        if (
            role
            or not _of_companies(reading, position)
            or _names_a_department(reading, position, start)
        ):
            position += 1
            continue
        stop = end_of_phrase(reading, start)
        if _is_industry_alone(reading, position, start, stop):
            reading.take(position, start, ACTIVITY_RULE)
            position = stop
            continue
        position = _phrases_after(reading, position, length, found) or position + 1


def read_features(reading: Reading, found: Keywords, *, companies: bool) -> None:
    """What companies have, and whom they are for: "hotels with a wedding venue"."""
    known, words = vocabulary(), wording()
    plain = _words_of_no_feature()
    for position in range(1, len(reading.words)):
        if reading.stems[position] not in _LEADING_TO_FEATURES:
            continue
        has = reading.stem(position) in words.may_hold and reading.stem(position + 1) in {"a", "an"}
        made = reading.stem(position) == "of" and reading.stem(position - 1) in words.makers
        # "Publishers of magazines" and "decision makers of banks" may be people, and "brewers of
        # beer" are breweries.
        made = made and makers_of(reading, position - 1) is None
        made = made and (companies or reading.match(known.roles, position - 1) is None)
        made = made and (companies or not _ends_a_role(reading, position))
        if not (has or made or reading.stem(position) == "for") or not reading.is_free(position):
            continue
        if not _of_companies(reading, position):
            continue
        # "Property managers" are companies in a search for companies alone; and before whom they
        # are for, people must be named.
        of_people = not companies and not has and not made
        if of_people and (
            _ends_a_role(reading, position) or not _has_role_before(reading, position)
        ):
            continue
        start = position + 1 + has
        stop = end_of_phrase(reading, start)
        inside = range(start, stop)
        if stop == start or any(
            reading.stem(at) in plain
            or reading.words[at].number is not None
            or (has and reading.match(known.roles, at))
            or reading.match(known.functions, at)
            for at in inside
        ):
            continue
        found.add(reading, [(start, stop)])
        reading.take(position, stop, KEYWORD_RULE)


def _phrases_after(reading: Reading, position: int, length: int, found: Keywords) -> int | None:
    """Takes the list of phrases after a marker; the position after it, ``None`` without one."""
    begin, start = position, position + length
    while reading.is_free(start) and reading.stem(start) in wording().keyword_fillers:
        start += 1
    while begin > 0 and reading.is_free(begin - 1) and reading.stem(begin - 1) in _PRONOUNS:
        begin -= 1
    spans: list[tuple[int, int]] = []
    either = False
    while reading.is_free(start):
        stop = end_of_phrase(reading, start)
        if stop == start:
            break
        spans.append((start, stop))
        joint = _joint(reading, stop)
        if not joint and reading.gap(stop) not in {",", "/", "&"}:
            break
        start = stop + joint
        if reading.stem(start) in wording().asking_verbs | wording().people:
            break
        either = either or "or" in reading.stems[stop:start]
        again = reading.starts_with(wording().mentioning, start)
        start += again or reading.starts_with(wording().doing, start)
    if not spans:
        return None
    found.add(reading, spans, either=either)
    end = spans[-1][1]
    reading.take(begin, end, KEYWORD_RULE)
    return take_fields(reading, end)


@lru_cache(maxsize=1)
def _words_of_no_feature() -> frozenset[str]:
    words = wording()
    return words.fillers | words.qualifiers | words.people | words.companies | words.employees


def take_fields(reading: Reading, start: int) -> int:
    """Takes the columns in which a phrase stands: "in the description or keywords"; their end."""
    position = start
    if reading.stem(position) in {"in", "within", "anywhere"}:
        while reading.is_free(position) and reading.stem(position) in _BEFORE_FIELDS:
            position += 1
    stop = start
    while reading.is_free(position) and reading.stem(position) in _FIELDS:
        stop = position + 1
        position = stop + (reading.stem(stop) in _JOINTS)
        position += reading.stem(position) in {"the", "their"}
    reading.take(start, stop, KEYWORD_RULE)
    return stop


def _joint(reading: Reading, position: int) -> int:
    """Length of "and", "or", "and/or" at a position."""
    length = 0
    while length < 2 and reading.stem(position + length) in _JOINTS:
        length += 1
    return length


def end_of_phrase(reading: Reading, start: int) -> int:
    """The position before which a phrase of companies' texts ends."""
    stop = start
    ends = wording().phrase_ends
    while reading.is_free(stop) and stop - start < KEYWORD_WORDS_MAX:
        word = reading.words[stop]
        if stop > start and word.breaks and word.before not in {"/", "+", "."}:
            break
        if word.stem in ends or reading.negated[stop] != reading.negated[start]:
            break
        stop += 1
    while stop > start and reading.stem(stop - 1) in wording().phrase_edges:
        stop -= 1
    return stop


def _is_mention(reading: Reading, position: int) -> bool:
    """Whether "about" and "using" speak of companies, not of asking: "tell me about CEOs"."""
    if reading.stem(position) != "about":
        return True
    before = reading.stem(position - 1)
    industry = vocabulary().last_words_of_industries
    return position > 0 and (before in wording().companies | industry or before == "talking")


def _of_companies(reading: Reading, position: int) -> bool:
    """Whether what is done from a position is done by companies named right before."""
    before = position - 1
    if reading.words[position].breaks:
        return False
    while before >= 0 and (
        reading.stem(before) in _BEFORE_DOING or reading.rules[before] == EXCLUSION_RULE
    ):
        before -= 1
    if before < 0:
        return False
    stem = reading.stem(before)
    if stem in wording().people:
        return False
    known = vocabulary()
    for table in (known.industry_adjectives, known.industry_names):
        inside = reading.match(table, before)
        if inside is not None and before + inside[0] > position:
            # "Food manufacturing companies" are one kind, and not foods that make something.
            return False
    return (
        stem in wording().companies
        or stem in known.last_words_of_industries
        or reading.rules[before] in {"place", "employee_count", KEYWORD_RULE}
    )


def _ends_a_role(reading: Reading, position: int) -> bool:
    """Whether a role ends before a position: "decision makers for"."""
    starts = range(max(0, position - 4), position)
    found = ((start, reading.match(vocabulary().roles, start)) for start in starts)
    return any(role is not None and start + role[0] == position for start, role in found)


def _has_role_before(reading: Reading, position: int) -> bool:
    known = vocabulary()
    return any(
        reading.match(table, start) is not None
        for start in range(position)
        for table in (known.roles, known.levels)
    )


def _names_a_department(reading: Reading, position: int, start: int) -> bool:
    """Whether people's work is meant: "who handle payroll" has people or a role before it."""
    return reading.stem(position - 1) == "who" and (
        reading.match(vocabulary().functions, start) is not None
    )


def _is_industry_alone(reading: Reading, position: int, start: int, stop: int) -> bool:
    """Whether the phrase is an industry and nothing before it is one: "firms that do roofing"."""
    known = vocabulary()
    stems = tuple(reading.stems[start:stop])
    if known.industry_names.get(stems) is None and stems not in known.industry_adjectives:
        return False
    before = position - 1
    while before > 0 and reading.stem(before) in _PRONOUNS:
        before -= 1
    for length in range(1, min(5, before + 1) + 1):
        phrase = tuple(reading.stems[before + 1 - length : before + 1])
        if phrase in known.industry_names:
            return False
        adjective = tuple(reading.stems[before + 1 - length : before])
        if adjective and adjective in known.industry_adjectives:
            return False
    return True


def bounded_keywords(reading: Reading, phrases: dict[str, None]) -> tuple[str, ...]:
    """At most ``MAX_TERMS`` phrases of bounded length."""
    usable = [phrase for phrase in phrases if len(phrase) <= 100]
    if len(usable) < len(phrases) or len(usable) > MAX_TERMS:
        reading.warnings.append(f"Only {MAX_TERMS} phrases of at most 100 characters are used.")
    return tuple(usable[:MAX_TERMS])
