"""What the market is made of: industries, words and job titles, read from data files."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

_DATA = files("api.market").joinpath("data")
_INDUSTRY_FILES = (
    "technology",
    "professional",
    "finance",
    "health",
    "trades",
    "making",
    "consumer",
    "public",
)


@dataclass(frozen=True, slots=True)
class MarketIndustry:
    """How the companies of one industry of the dictionary look and whom they employ.

    An industry whose companies differ much has several entries, told apart by ``variety``.
    ``weight`` is the industry's part of all companies, relative to the others. Head counts are
    log-normal with ``employees`` = (median, sigma); ``revenue`` is US dollars an employee.
    ``codes`` are pairs of SIC and NAICS code. ``labels`` (weighted) tell the industry by
    themselves; a company that states one of the ``broad`` labels always has its codes. A company of
    an industry with ``proof`` always says one of these phrases. ``trade`` is what a description
    calls it, ``describe`` are sentences that only this industry says.
    """

    key: str
    kind: str
    weight: float
    employees: tuple[float, float]
    revenue: int
    codes: tuple[tuple[str, str], ...]
    labels: Mapping[str, float]
    names: tuple[str, ...]
    trade: str
    offers: tuple[str, ...]
    clients: tuple[str, ...]
    staff: Mapping[str, float]
    broad: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    describe: tuple[str, ...] = ()
    variety: str = ""

    @property
    def entry(self) -> str:
        """The name of this entry: letters, digits and "_", different from any other's."""
        return f"{self.key}_{self.variety}" if self.variety else self.key


@dataclass(frozen=True, slots=True)
class Kind:
    """What companies of one kind have in common: who leads them and how work is divided.

    ``leaders`` are choices of titles for companies of fewer than 10, 50 and 250 employees and for
    larger ones; ``executives`` seven roles; ``trade`` (0 to 1) the part of the staff that does the
    company's own work; ``corporate`` (0 to 1) how common managers are; ``departments`` the weights
    of the others' departments; ``legal`` the choice of legal forms; ``founded`` the first year of
    foundation.
    """

    key: str
    leaders: tuple[str, ...]
    executives: tuple[str, ...]
    trade: float
    corporate: float
    departments: Mapping[str, float]
    legal: str
    founded: int = 1946


def read(name: str) -> dict[str, Any]:
    """The content of one data file, by its path under ``data`` without ``.toml``."""
    text = _DATA.joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def words(text: str) -> tuple[str, ...]:
    """The entries of a list that is written as words; "_" stands for a space."""
    return tuple(word.replace("_", " ") for word in text.split())


@lru_cache(maxsize=1)
def market_industries() -> tuple[MarketIndustry, ...]:
    """Every industry of the market, in the order of the files."""
    entries = [
        entry for name in _INDUSTRY_FILES for entry in read(f"industries/{name}")["industry"]
    ]
    return tuple(_industry(entry) for entry in entries)


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Kind]:
    """The kinds of company by key, in the order of the file."""
    return {entry["key"]: Kind(**_frozen(entry)) for entry in read("titles")["kind"]}


def _industry(entry: dict[str, Any]) -> MarketIndustry:
    codes = tuple(tuple(pair.split("/")) for pair in entry["codes"])
    return MarketIndustry(**{**_frozen(entry), "codes": codes})


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}
