"""The industry dictionary: what people call an industry, read once from ``industries.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry.

    ``names`` mean it wherever companies are meant, ``adjectives`` only before a word such as
    "company"; both are lower-case and singular. ``row_labels`` (lower-case), ``sic`` (four digits)
    and ``naics`` (prefixes of two to six digits) are how a row shows it. ``evidence`` are phrases
    of a company's texts: required when ``contextual``, otherwise they settle which of several
    industries that share a code is meant. ``taxonomy`` industries are on the precomputed path.
    ``weak_labels`` mean it only with evidence, ``sure_labels`` whatever the codes say.
    ``practitioners`` are the roles of those who have such companies: dentists have practices.
    """

    key: str
    label: str
    taxonomy: bool
    names: tuple[str, ...]
    row_labels: tuple[str, ...]
    sic: tuple[str, ...]
    naics: tuple[str, ...]
    evidence: tuple[str, ...]
    adjectives: tuple[str, ...] = ()
    contextual: bool = False
    weak_labels: tuple[str, ...] = ()
    sure_labels: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def industries() -> Mapping[str, Industry]:
    """Every industry by its key, in the order of the file. Read at the first call, then kept."""
    text = files("api.domain.company").joinpath("industries.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["industry"]
    return MappingProxyType(
        {
            entry["key"]: Industry(
                key=entry["key"],
                label=entry["label"],
                taxonomy=entry.get("taxonomy", False),
                names=tuple(entry["names"]),
                row_labels=tuple(entry["row_labels"]),
                sic=tuple(entry["sic"]),
                naics=tuple(entry["naics"]),
                evidence=tuple(entry["evidence"]),
                adjectives=tuple(entry.get("adjectives", ())),
                contextual=entry.get("contextual", False),
                weak_labels=tuple(entry.get("weak_labels", ())),
                sure_labels=tuple(entry.get("sure_labels", ())),
                practitioners=tuple(entry.get("practitioners", ())),
            )
            for entry in entries
        }
    )
