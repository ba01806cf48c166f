"""Where companies sit, by population, and the telephone numbers of the place.

Numbers are from 555-0100 to 555-0199, the block that is reserved for fiction in every area code.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa

from api.domain.company.places import City, cities
from api.market.draws import Draws, Ints, Rows
from api.market.grammar import tickets
from api.market.market_data import read

_TICKETS = 1 << 16
_LINES = 100
# How numbers are written; most data sets use the first form, exports of other systems the rest.
_PHONE_FORMS = (
    "+1{area}55501{line:02}",
    "+1{area}55501{line:02}",
    "+1{area}55501{line:02}",
    "({area}) 555-01{line:02}",
    "{area}-555-01{line:02}",
)
_AWAY_SHARE = 0.15


class Locations:
    """Cities by population and phone numbers by state.

    ``names`` and ``states`` are the cities' columns, position by position.
    """

    def __init__(self, places: Sequence[City]) -> None:
        self.cities = places
        self.names = pa.array([city.name for city in places], pa.string())
        codes = sorted({city.state for city in places})
        self.states = pa.array([city.state for city in places], pa.string())
        self._tickets = tickets([city.population for city in places], _TICKETS)
        areas = {state: text.split() for state, text in read("area_codes").items()}
        counts = np.array([len(areas[state]) for state in codes])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        state = np.array([codes.index(city.state) for city in places])
        self._first_area = starts[state]
        self._areas = counts[state]
        self._area_count = int(counts.sum())
        self._phones = pa.array(
            [
                form.format(area=area, line=line)
                for code in codes
                for area in areas[code]
                for line in range(_LINES)
                for form in _PHONE_FORMS
            ],
            pa.string(),
        )

    def draw(self, draws: Draws, rows: Rows) -> Ints:
        """A city for each row, by population."""
        return self._tickets[draws.below("company.city", rows, _TICKETS)]

    def draw_within(self, draws: Draws, row: int, state: str, name: str | None = None) -> int:
        """A city for one row in ``state``, by population, or the city of that ``name``."""
        inside = [
            position
            for position, city in enumerate(self.cities)
            if city.state == state and name in (None, city.name)
        ]
        table = tickets([self.cities[position].population for position in inside])
        ticket = draws.below("company.city", np.array([row], dtype=np.uint64), len(table))
        return inside[int(table[ticket][0])]

    def phones(self, draws: Draws, purpose: str, rows: Rows, city: Ints) -> pa.StringArray:
        """A number in one of the area codes of each row's state."""
        area = self._first_area[city] + draws.below(f"{purpose}.area", rows, self._areas[city])
        return self._numbers(draws, purpose, rows, area)

    def mobiles(self, draws: Draws, purpose: str, rows: Rows, city: Ints) -> pa.StringArray:
        """As ``phones``, but people keep their number when they move: some are from elsewhere."""
        area = self._first_area[city] + draws.below(f"{purpose}.area", rows, self._areas[city])
        away = draws.chance(f"{purpose}.away", rows, _AWAY_SHARE)
        area[away] = draws.below(f"{purpose}.elsewhere", rows[away], self._area_count)
        return self._numbers(draws, purpose, rows, area)

    def _numbers(self, draws: Draws, purpose: str, rows: Rows, area: Ints) -> pa.StringArray:
        written = draws.below(f"{purpose}.line", rows, _LINES * len(_PHONE_FORMS))
        return self._phones.take(pa.array(area * (_LINES * len(_PHONE_FORMS)) + written))


@lru_cache(maxsize=1)
def locations() -> Locations:
    """The places of the market, read at the first call."""
    return Locations(cities())
