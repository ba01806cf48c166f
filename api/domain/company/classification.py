"""Which industries a company belongs to, from its codes, its label and its texts. Runs on load.

The most exact statement wins: NAICS, else SIC, else the label of the row, because labels such as
"Construction" or "Insurance" cover several industries and codes do not. Industries that share a
code (NAICS 238220 is plumbing and heating) are told apart by their evidence in the texts. A
contextual industry (SaaS) needs evidence beside a fitting code or label.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from api.domain.company.industries import Industry, industries

# "we keep the books of SaaS companies", "SaaS marketing": the words say whom a company serves.
_CUSTOMERS = (
    "companies|firms|businesses|startups|start-ups|vendors|providers|founders|teams|clients"
    "|customers|brands"
)
_WORK_FOR_THEM = (
    "marketing|accounting|banking|coverage|hiring|recruiting|recruitment|cleaning|conferences|events"
    "|consulting|advisory|investing|investments|projects|implementation|implementations|law|legal|pr"
    "|seo|insurance|taxes"
)
_SERVING = (
    "for|to|serve|serves|serving|helping|with|among|from|backing|no|not|not a|never|without|any"
    "|not offer|n't offer"
)
_NAICS_EXACT_DIGITS = 5


@dataclass(frozen=True, slots=True)
class _Index:
    by_naics: dict[str, tuple[str, ...]]
    by_sic: dict[str, tuple[str, ...]]
    by_label: dict[str, tuple[str, ...]]
    by_weak_label: dict[str, tuple[str, ...]]
    by_sure_label: dict[str, tuple[str, ...]]
    contextual: tuple[Industry, ...]


@dataclass(frozen=True, slots=True)
class _Statement:
    """Industries that the columns of a row say, and the contextual ones that they allow."""

    label: str
    keys: frozenset[str]
    contextual: tuple[str, ...]
    weak: tuple[str, ...]


@lru_cache(maxsize=1)
def _index() -> _Index:
    plain = [industry for industry in industries().values() if not industry.contextual]
    return _Index(
        by_naics=_grouped((code, x.key) for x in plain for code in x.naics),
        by_sic=_grouped((code, x.key) for x in plain for code in x.sic),
        by_label=_grouped((label, x.key) for x in plain for label in x.row_labels),
        by_weak_label=_grouped((label, x.key) for x in plain for label in x.weak_labels),
        by_sure_label=_grouped((label, x.key) for x in plain for label in x.sure_labels),
        contextual=tuple(x for x in industries().values() if x.contextual),
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, key in pairs:
        found[name] = (*found.get(name, ()), key)
    return found


def classify_company(
    industry: str | None, sic: str | None, naics: str | None, text: str
) -> tuple[str, ...]:
    """The keys of all industries of a company, sorted; empty when nothing says one. Never raises.

    ``industry``, ``sic`` and ``naics`` are the row's columns as loaded; ``text`` is name, keywords
    and description, lower-cased.
    """
    stated = _statement(industry, sic, naics)
    keys = _settled(stated.keys, stated.label, text)
    for candidate in stated.weak:
        if any(words in text for words in industries()[candidate].evidence):
            keys |= {candidate}
    for candidate in stated.contextual:
        if _has_evidence(candidate, text):
            keys |= {candidate}
    return tuple(sorted(keys))


@lru_cache(maxsize=8_192)
def _statement(industry: str | None, sic: str | None, naics: str | None) -> _Statement:
    """What the columns say without the texts; rows repeat the same few thousand combinations."""
    label = industry.strip().lower() if industry else ""
    sic_code = _digits(sic)
    # A three-digit SIC lost its leading zero to a spreadsheet: 782 is 0782.
    sic_code = sic_code.zfill(4) if len(sic_code) == 3 else sic_code
    naics_code = _digits(naics)
    return _Statement(
        label,
        frozenset(_stated(label, sic_code, naics_code)).union(
            _index().by_sure_label.get(label, ())
        ),
        tuple(x.key for x in _index().contextual if _fits(x, label, sic_code, naics_code)),
        () if sic_code or naics_code else _index().by_weak_label.get(label, ()),
    )


def _digits(code: str | None) -> str:
    return "".join(character for character in code or "" if character in "0123456789")


def _stated(label: str, sic: str, naics: str) -> set[str]:
    index = _index()
    by_naics = _by_prefix(naics)
    by_sic = set(index.by_sic.get(sic, ()))
    if by_naics and len(naics) >= _NAICS_EXACT_DIGITS:
        return by_naics
    if by_naics or by_sic:
        return by_naics | by_sic
    return set(index.by_label.get(label, ()))


def _by_prefix(naics: str) -> set[str]:
    by_naics = _index().by_naics
    return {key for length in range(2, len(naics) + 1) for key in by_naics.get(naics[:length], ())}


def _settled(keys: frozenset[str], label: str, text: str) -> frozenset[str]:
    """Without those that share the statement with others which texts or label support instead."""
    if len(keys) < 2:
        return keys
    known = industries()
    doubtful = {key for key in keys if known[key].evidence}
    supported = {key for key in doubtful if any(words in text for words in known[key].evidence)}
    supported = supported or doubtful.intersection(_index().by_label.get(label, ()))
    return keys - (doubtful - supported) if supported else keys


def _fits(industry: Industry, label: str, sic: str, naics: str) -> bool:
    """Whether codes, or else the label, allow a contextual industry; no statement allows it too."""
    if naics:
        return naics.startswith(industry.naics)
    if sic:
        return sic in industry.sic
    return not label or label in industry.row_labels


@lru_cache(maxsize=64)
def _evidence(key: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The evidence of an industry, and the same words where they speak of somebody else."""
    words = "|".join(re.escape(phrase) for phrase in industries()[key].evidence)
    mention = rf"(?<![\w-])(?:{words})(?![\w-])"
    other = (
        rf"{mention}(?:\s+(?:and\s+\w+\s+)?(?:{_CUSTOMERS}|{_WORK_FOR_THEM}))\b"
        rf"|\b(?:{_SERVING})\s+(?:the\s+)?(?:b2b\s+)?{mention}"
    )
    return re.compile(mention), re.compile(other)


def _has_evidence(key: str, text: str) -> bool:
    if not any(phrase in text for phrase in industries()[key].evidence):
        return False
    mention, other = _evidence(key)
    return mention.search(other.sub(" ", text)) is not None
