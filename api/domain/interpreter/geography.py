"""Places in a query: US states by name and code, cities with and without their state."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api.domain.company.places import (
    City,
    abbreviated_states,
    cities_by_name,
    fold,
    joined,
    state_code,
    states,
    states_by_name,
    words_of_places,
)
from api.domain.company.regions import Region, regions_by_name, words_of_regions
from api.domain.interpreter.exclusions import EXCLUSION_RULE
from api.domain.interpreter.interpretation import Location
from api.domain.interpreter.lexer import Word
from api.domain.interpreter.locations import (
    SIZEABLE_POPULATION,
    ambiguous_city,
    inferred_state,
    place,
    unknown_city,
)
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import vocabulary, wording

PLACE_RULE = "place"
_WORDS_OF_A_STATE_MAX = 3

_LIST_WORDS = frozenset({"and", "or", "plus"})
# Codes that are words; they are read only where a place must stand.
_CODES_THAT_ARE_WORDS = frozenset(
    {"IN", "OR", "ME", "HI", "OK", "OH", "MD", "PA", "DE", "AL", "ID", "MS"}
)
# Codes that are nothing else; they are read in lower case anywhere.
_CODES_OF_NO_WORD = frozenset(
    {
        *("AZ", "FL", "IL", "KS", "KY", "MI", "MN", "NC", "ND", "NH", "NJ", "NM", "NV", "NY", "RI"),
        *("SD", "TN", "TX", "UT", "VT", "WA", "WI", "WV", "WY"),
    }
)
_BEFORE_A_STATE = frozenset({"", ",", ";", "(", "-", "–", "/", "|"})
_NEVER_LOWER_CASE = frozenset({"IN", "OR", "ME", "HI"})


@dataclass(frozen=True, slots=True)
class _Match:
    """Words of a text that name a place; ``state`` is absent where the name leaves it open."""

    stop: int
    city: str | None
    state: str | None
    bearers: tuple[City, ...] = ()
    is_city_name: bool = False


@dataclass(slots=True)
class Places:
    """The places asked for and those that are excluded, by key, in the order of the text."""

    wanted: dict[str, Location] = field(default_factory=dict)
    excluded: dict[str, Location] = field(default_factory=dict)


def read_places(
    reading: Reading,
    preferred_state: str | None,
    quoted: Mapping[int, tuple[int, Location]],
) -> Places:
    """The places that the text names, in order, without repetition.

    A city without its state lies in ``preferred_state`` (a code) if that state has such a city.
    ``quoted`` are the places that were read before, by their position, each with its end.
    """
    found = Places()
    shouting = reading.is_shouting
    after_place = False
    position = 0
    while position < len(reading.words):
        if position in quoted:
            stop, location = quoted[position]
            side = found.excluded if reading.negated[position] else found.wanted
            side.setdefault(location.key, location)
            take_place(reading, position, stop)
            position, after_place = stop, True
            continue
        expected = after_place or _is_expected(reading, position)
        region = _region_at(reading, position, expected=expected)
        match = _place_at(reading, position, expected=expected, shouting=shouting)
        # "South Carolina" is no state of the South.
        if region is not None and (match is None or match.stop <= region[0]):
            _add_region(reading, found, region[1], (position, region[0]))
            position, after_place = region[0], True
            continue
        if match is None:
            # "Reno, Boise and Denver": what follows a place and a joint may be a place again.
            after_place = after_place and reading.stem(position) in _LIST_WORDS
            position += 1
            continue
        location = _located(reading, match, preferred_state)
        side = found.excluded if reading.negated[position] else found.wanted
        side.setdefault(location.key, location)
        take_place(reading, position, match.stop)
        position = match.stop
        after_place = True
    return found


def _region_at(reading: Reading, position: int, *, expected: bool) -> tuple[int, Region] | None:
    """The region or nickname whose longest name stands at a position, after its end."""
    longest = words_of_regions().get(joined([reading.words[position].fold]), 0)
    if not longest or not reading.is_free(position):
        return None
    for length in range(longest, 0, -1):
        name = _name(reading, position, length)
        region = regions_by_name().get(name) if name else None
        # "Southwest Florida" is a part of Florida.
        within = _state_named(reading, position + length) is not None
        within = within and not reading.gap(position + length)
        if region is not None and not within and (expected or name not in region.only):
            return position + length, region
    return None


def _add_region(reading: Reading, found: Places, region: Region, span: tuple[int, int]) -> None:
    """Adds the states and cities of a region, and says which they are."""
    side = found.excluded if reading.negated[span[0]] else found.wanted
    meant = [place(city, state) for city, state in region.places]
    for location in meant:
        side.setdefault(location.key, location)
    typed = " ".join(word.text for word in reading.words[span[0] : span[1]])
    named = "; ".join(location.label for location in meant)
    reading.warnings.append(f'"{typed}" was read as {named}.')
    take_place(reading, *span)


def _is_expected(reading: Reading, position: int) -> bool:
    if position > 0 and reading.rules[position - 1] == EXCLUSION_RULE:
        return True
    before = reading.stem(position - 1)
    if before in {"of", "the"}:
        return reading.stem(
            position - 2
        ) in wording().place_endings | wording().place_prepositions | {"out"}
    return before in wording().place_prepositions


def _place_at(reading: Reading, position: int, *, expected: bool, shouting: bool) -> _Match | None:
    is_name = (
        _longest_name(reading, position) > 0
        or _code_at(reading, position) is not None
        or _is_clipped(reading, position)
    )
    if not reading.is_free(position) or not (is_name or expected):
        return None
    state = _state_at(reading, position, expected=expected, shouting=shouting)
    city = _city_at(reading, position, expected=expected, shouting=shouting)
    if city is None or state is None:
        return city or state
    # "New York" is the state, "New York City" and "Washington, DC" are cities; LA is Los Angeles.
    is_code = len(reading.words[position].text) == 2
    if is_code and _follows_a_code(reading, position):
        # "TX/OK/LA" are three states.
        return state
    if is_code or city.stop > state.stop:
        return city
    big = city.bearers[0].population >= SIZEABLE_POPULATION
    says_state = "state" in (reading.stem(position - 2), reading.stem(state.stop))
    return replace(state, is_city_name=big and city.stop == state.stop and not says_state)


def _follows_a_code(reading: Reading, position: int) -> bool:
    """Whether a list of states' codes goes on."""
    last = position - 1 - (reading.stem(position - 1) in _LIST_WORDS)
    if last < 0 or reading.rules[last] != PLACE_RULE:
        return False
    return reading.words[last].text in states() and not reading.quoted


def _state_at(reading: Reading, position: int, *, expected: bool, shouting: bool) -> _Match | None:
    named = _state_named(reading, position)
    if named is not None:
        return _Match(named[1], None, named[0])
    code = _code_at(reading, position)
    clipped = expected or _is_clipped(reading, position)
    if code is None and clipped and reading.is_free(position):
        code = abbreviated_states().get(reading.words[position].fold)
        return None if code is None else _Match(position + 1, None, code)
    if code is None:
        return None
    word = reading.words[position]
    follows_comma = "," in word.before
    if expected and ((word.text.isupper() and not shouting) or code not in _NEVER_LOWER_CASE):
        return _Match(position + 1, None, code)
    plain = word.text.isupper() and not shouting
    if (
        plain and (follows_comma or code not in _CODES_THAT_ARE_WORDS)
    ) or code in _CODES_OF_NO_WORD:
        return _Match(position + 1, None, code)
    return None


def _is_clipped(reading: Reading, position: int) -> bool:
    """Whether a state's abbreviation stands with its dot: "Calif. wineries"."""
    return (
        reading.gap(position + 1).startswith(".")
        and reading.words[position].is_capital
        and reading.words[position].fold in abbreviated_states()
    )


def _state_named(reading: Reading, position: int) -> tuple[str, int] | None:
    """The state whose full name stands at a position, and the position after it."""
    for length in range(min(_longest_name(reading, position), _WORDS_OF_A_STATE_MAX), 0, -1):
        name = _name(reading, position, length)
        code = states_by_name().get(name) if name else None
        if code is not None:
            return code, position + length
    return None


def _longest_name(reading: Reading, position: int) -> int:
    """How many words the longest place has whose name begins with the word at a position."""
    if position >= len(reading.words):
        return 0
    word, longest = reading.words[position], words_of_places()
    found = longest.get(joined([word.fold]), 0)
    return max(found, longest.get(joined([_owned(word)]), 0)) if "'" in word.text else found


def _code_at(reading: Reading, position: int) -> str | None:
    if not reading.is_free(position):
        return None
    text = reading.words[position].text
    code = text.upper()
    return code if code in states() else None


def _name(reading: Reading, position: int, length: int) -> str | None:
    """The folded words as one name, ``None`` where punctuation other than "St." stands inside."""
    stop = position + length
    if stop > len(reading.words):
        return None
    for inner in range(position, stop):
        if not reading.is_free(inner):
            return None
        word = reading.words[inner]
        if inner > position and word.breaks and word.before != ".":
            return None
    words = reading.words[position:stop]
    plain = joined([word.fold for word in words])
    if not any("'" in word.text for word in words):
        return plain
    owned = joined([_owned(word) for word in words])
    return owned if owned in cities_by_name() else plain


def _owned(word: Word) -> str:
    """A word with its possessive ending, as places have it: "Lee's Summit"."""
    return fold(word.text.replace("'", ""))


def _city_at(reading: Reading, position: int, *, expected: bool, shouting: bool) -> _Match | None:
    for length in range(_longest_name(reading, position), 0, -1):
        name = _name(reading, position, length)
        bearers = cities_by_name().get(name) if name else None
        stop = position + length
        if bearers is None or reading.stem(stop) in wording().no_place_before:
            continue
        code, after = _following_state(reading, stop)
        if code is not None and _is_list_of_states(reading, name or "", code, after):
            continue
        if code is not None:
            within = tuple(city for city in bearers if city.state == code)
            if within:
                return _Match(after, within[0].name, code, within)
            if "," in reading.gap(stop) or _is_plain(reading, position, length, bearers):
                # "Las Vegas, Texas" is no place in Nevada, nor all of Texas.
                return _Match(after, bearers[0].name, code)
        if (expected and not _is_other_word(reading, position, length)) or _is_plain(
            reading, position, length, bearers
        ):
            return _Match(stop, bearers[0].name, None, bearers)
    return _unknown_city_at(reading, position, shouting=shouting) if expected else None


def _is_list_of_states(reading: Reading, name: str, code: str, after: int) -> bool:
    """Whether a state stands before another: "Oregon, Washington and California"."""
    own = states_by_name().get(name)
    if own is None or own == code or code == "DC":
        return False
    if all(city.state != code for city in cities_by_name().get(name, ())):
        return True
    following = after + (reading.stem(after) in _LIST_WORDS)
    listed = following > after or reading.gap(after) == ","
    return (
        listed and following < len(reading.words) and _state_named(reading, following) is not None
    )


def _unknown_city_at(reading: Reading, position: int, *, shouting: bool) -> _Match | None:
    """A capitalised name that a state follows after a comma: "in Kellogg, Idaho"."""
    if shouting:
        return None
    stop = position
    while stop - position < 3 and reading.is_free(stop) and reading.words[stop].is_capital:
        if stop > position and reading.words[stop].breaks:
            break
        stop += 1
    if stop == position or "," not in reading.gap(stop):
        return None
    if state_code(" ".join(word.fold for word in reading.words[position:stop])) is not None:
        return None
    code, after = _following_state(reading, stop)
    if code is None:
        return None
    name = " ".join(word.text for word in reading.words[position:stop])
    return _Match(after, name, code)


def _following_state(reading: Reading, position: int) -> tuple[str | None, int]:
    """The state right after a city, with or without a comma, and the position after it."""
    if position >= len(reading.words) or reading.gap(position) not in _BEFORE_A_STATE:
        return None, position
    named = _state_named(reading, position)
    if named is not None:
        return named
    code = _code_at(reading, position)
    if code is None and reading.gap(position) in {",", "("} and reading.is_free(position):
        code = abbreviated_states().get(reading.words[position].fold)
        return (code, position + 1) if code is not None else (None, position)
    if code is None:
        return None, position
    # "Reno or Denver" is no city in Oregon, and "Boise in …" none in Indiana.
    word, last = reading.words[position], position + 1 == len(reading.words)
    certain = "," in word.before or last or (word.text.isupper() and code not in _NEVER_LOWER_CASE)
    ends = last or reading.words[position + 1].breaks
    return (code, position + 1) if certain or ends else (None, position)


def _is_other_word(reading: Reading, position: int, length: int) -> bool:
    """Whether a lower-case word after "in" is rather an industry: "in energy", "in media"."""
    return (
        length == 1
        and not reading.words[position].is_capital
        and reading.stem(position) in vocabulary().dictionary_words
    )


def _is_plain(reading: Reading, position: int, length: int, bearers: tuple[City, ...]) -> bool:
    """Whether a name means a city without a preposition: "Las Vegas law firms"."""
    if bearers[0].population < SIZEABLE_POPULATION:
        return False
    if length > 1:
        return True
    stem = reading.stem(position)
    known = vocabulary()
    return (
        reading.words[position].fold not in wording().ordinary_words
        and stem not in known.dictionary_words
        and stem not in wording().fillers
    )


def _located(reading: Reading, match: _Match, preferred_state: str | None) -> Location:
    """The location of a match, with the doubts that it raises."""
    if match.city is None:
        if match.is_city_name:
            name = states()[match.state or ""]
            reading.warnings.append(f"{name} was read as the state, not as the city.")
        return place(None, match.state)
    if not match.bearers:
        reading.warnings.append(unknown_city(match.city, match.state))
        return place(match.city, match.state)
    if match.state is None and preferred_state in {city.state for city in match.bearers}:
        return place(match.city, preferred_state)
    state = match.state or inferred_state(match.bearers)
    if state is None:
        reading.warnings.append(ambiguous_city(match.city, match.bearers))
    return place(match.city, state)


def take_place(reading: Reading, start: int, stop: int) -> None:
    """Consumes a place with "in", "state of" before it and "area" after it."""
    begin = start
    while begin > 0 and reading.is_free(begin - 1):
        before = reading.stem(begin - 1)
        is_link = before in {"of", "the"} and _is_expected(reading, begin)
        if before not in wording().place_prepositions | wording().place_endings and not is_link:
            break
        begin -= 1
    while reading.is_free(stop) and reading.stem(stop) in wording().place_endings:
        if reading.words[stop].breaks:
            break
        stop += 1
    reading.take(begin, stop, PLACE_RULE)
