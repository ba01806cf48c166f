"""Regions and nicknames: what people call several states or cities, or one of them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from api.domain.company.places import states


@dataclass(frozen=True, slots=True)
class Region:
    """A name for places: ``places`` are pairs of city (``None``: all of the state) and code.

    ``names`` mean it anywhere, ``only`` where a place must stand; both are folded.
    """

    label: str
    names: tuple[str, ...]
    only: tuple[str, ...]
    places: tuple[tuple[str | None, str], ...]


@lru_cache(maxsize=1)
def regions_by_name() -> Mapping[str, Region]:
    """Every region and nickname by each of its names. Read at the first call, then kept."""
    text = files("api.domain.company").joinpath("regions.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    found: dict[str, Region] = {}
    for region in (*map(_region, data["region"]), *_nicknames(data)):
        for name in (*region.names, *region.only):
            found.setdefault(name, region)
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def words_of_regions() -> Mapping[str, int]:
    """The first words of all names of regions with the words of the longest such name."""
    longest: dict[str, int] = {}
    for name in regions_by_name():
        words = name.split(" ")
        longest[words[0]] = max(len(words), longest.get(words[0], 0))
    return MappingProxyType(longest)


def _region(entry: Mapping[str, Any]) -> Region:
    places = [(None, code) for code in entry.get("states", ())]
    return Region(
        entry["label"],
        tuple(entry.get("names", ())),
        tuple(entry.get("only", ())),
        (*places, *map(_city, entry.get("cities", ()))),
    )


def _nicknames(data: Mapping[str, Any]) -> list[Region]:
    found = [
        Region(states()[code], tuple(names), (), ((None, code),))
        for group in data["nicknames"]
        for code, names in group.items()
    ]
    found += [
        Region(city, tuple(names), (), (_city(city),))
        for group in data["cities"]
        for city, names in group.items()
    ]
    return found


def _city(text: str) -> tuple[str, str]:
    name, _, code = text.rpartition(", ")
    return name, code
