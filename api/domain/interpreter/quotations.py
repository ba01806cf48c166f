"""What stands in quotation marks: names, titles and cities as they are, else phrases."""

from dataclasses import dataclass, field

from api.domain.company.places import cities_named, states
from api.domain.interpreter.geography import PLACE_RULE
from api.domain.interpreter.interpretation import Location
from api.domain.interpreter.keywords import (
    KEYWORD_RULE,
    KEYWORD_WORDS_MAX,
    Keywords,
    end_of_phrase,
    take_fields,
    typed,
)
from api.domain.interpreter.locations import place, unknown_city
from api.domain.interpreter.reading import QUOTATION_MARKS, Reading
from api.domain.interpreter.terms import role_length
from api.domain.interpreter.vocabulary import vocabulary, wording

TITLE_RULE = "free_title"
NAME_RULE = "company_name"

_TITLES = frozenset({"title", "titled"})
_NAMES = frozenset({"named", "called", "at"})
_TITLE_VERBS = frozenset(
    ["contain", "containing", "include", "including", "mention", "mentioning", "says", "say"]
)
_WHOSE_TITLE = frozenset({"their", "the", "his", "her", "a", "job"})


@dataclass(slots=True)
class Quotations:
    """What quoted words name: companies, titles with whether they are excluded, and cities.

    ``places`` are by the position of their first word, each with the position after it.
    """

    names: list[str] = field(default_factory=list)
    titles: list[tuple[str, bool]] = field(default_factory=list)
    places: dict[int, tuple[int, Location]] = field(default_factory=dict)


def read_quotes(reading: Reading, keywords: Keywords) -> Quotations:
    """Reads quoted phrases; in a list, what leads to the first leads to all."""
    found = Quotations()
    for spans in _lists_of_quotations(reading):
        begin, end = spans[0][0], spans[-1][1]
        before = reading.stem(begin - 1)
        lead = reading.ends_with(wording().mentioning, begin)
        says = _says_title(reading, begin)
        in_title = _in_title(reading, end)
        if before in _TITLES or says or in_title:
            found.titles += [(typed(reading, *span), reading.negated[span[0]]) for span in spans]
            reading.take(begin - (says or before in _TITLES), end + in_title, TITLE_RULE)
        elif before in _NAMES or (before in {"of", "from"} and _ends_a_role(reading, begin - 1)):
            found.names += [typed(reading, *span) for span in spans]
            reading.take(begin - 1, end, NAME_RULE)
        elif before == "city" or reading.stems[max(0, begin - 2) : begin] == ["city", "of"]:
            for span in spans:
                _read_city(reading, *span, found)
        else:
            if not lead:
                spans = [span for span in spans if _is_phrase(reading, *span)]
            either = "or" in reading.stems[begin:end]
            keywords.add(reading, spans, either=either)
            reading.take(begin - lead, begin, KEYWORD_RULE)
            if spans:
                take_fields(reading, end)
    _read_words_of_titles(reading, found)
    return found


def _read_words_of_titles(reading: Reading, found: Quotations) -> None:
    """Titles by words without marks: "whose title contains analytics"."""
    for position in range(2, len(reading.words)):
        says = _says_title(reading, position)
        stop = end_of_phrase(reading, position) if says and reading.is_free(position) else position
        if stop > position:
            found.titles.append((typed(reading, position, stop), reading.negated[position]))
            reading.take(position - says, stop, TITLE_RULE)


def _says_title(reading: Reading, position: int) -> int:
    """Length of "title contains" or "titles including" right before a position."""
    says = reading.stem(position - 1) in _TITLE_VERBS and reading.stem(position - 2) in _TITLES
    said = position - 2 in reading.quoted or reading.gap(position - 1)
    return 2 if says and not said else 0


def _in_title(reading: Reading, position: int) -> int:
    """Length of "in their job title" at a position."""
    if reading.stem(position) != "in":
        return 0
    stop = position + 1
    while reading.stem(stop) in _WHOSE_TITLE:
        stop += 1
    return stop + 1 - position if reading.stem(stop) in _TITLES else 0


def _ends_a_role(reading: Reading, position: int) -> bool:
    """Whether a role or a word for people stands before a position: CMO of "Pacific Coffee"."""
    starts = range(max(0, position - 4), position)
    ends = [start + role_length(reading, start) == position for start in starts]
    return any(ends) or reading.stem(position - 1) in wording().people - {"contact"}


def _read_city(reading: Reading, start: int, stop: int, found: Quotations) -> None:
    """A city by just this name, listed or not; in the state that follows after a comma."""
    name = typed(reading, start, stop)
    after, state = stop, None
    if stop < len(reading.words) and "," in reading.words[stop].before:
        code = reading.words[stop].text
        after, state = (stop + 1, code) if code in states() else (stop, None)
    if not any(state in (None, city.state) for city in cities_named(name)):
        reading.warnings.append(unknown_city(name, state))
    reading.take(start, after, PLACE_RULE)
    found.places[start] = after, place(name, state)


def _lists_of_quotations(reading: Reading) -> list[list[tuple[int, int]]]:
    """Quotations with those that are joined to them: ``"a", "b" or "c"``."""
    lists: list[list[tuple[int, int]]] = []
    for start, stop in reading.quotations:
        if stop - start > 2 * KEYWORD_WORDS_MAX or not reading.is_free(start):
            continue
        if lists and _joins(reading, lists[-1][-1][1], start):
            lists[-1].append((start, stop))
        else:
            lists.append([(start, stop)])
    return lists


def _joins(reading: Reading, end: int, start: int) -> bool:
    """Whether only a comma, "and" or "or" stands between two positions."""
    between = reading.stems[end:start]
    marks = {mark for at in range(end, start + 1) for mark in reading.gap(at)} - QUOTATION_MARKS
    joined = between in (["or"], ["and"]) or (not between and bool(marks))
    return joined and marks <= {",", "/"} and reading.negated[end - 1] == reading.negated[start]


def _is_phrase(reading: Reading, start: int, stop: int) -> bool:
    """Whether a quotation that nothing leads to is one for the companies' texts."""
    single = stop == start + 1 and len(reading.words[start].text) < 2
    return not single and not _is_term(reading, start, stop)


def _is_term(reading: Reading, start: int, stop: int) -> bool:
    """Whether a quoted phrase is just a role or an industry in quotes: CEOs of "SaaS" firms."""
    known = vocabulary()
    stems = tuple(reading.stems[start:stop])
    if role_length(reading, start) == stop - start:
        return True
    companies = reading.stem(stop) in wording().companies
    return known.industry_names.get(stems) is not None or (
        companies and known.industry_adjectives.get(stems) is not None
    )
