"""What companies say about themselves: descriptions of one or two sentences, and keywords."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.market.draws import Draws, Ints, Rows
from api.market.grammar import Phrasebook
from api.market.locations import Locations
from api.market.market_data import MarketIndustry, kinds, read

MAX_KEYWORDS = 6
_LAST_YEAR = 2023
# Most companies are younger than this.
_YOUNG_SINCE = 1995
_OFFER_LISTS = ("offer_a", "offer_b", "offer_c")
_CAPITAL_LISTS = ("Offer_a", "Offer_b", "Offer_c")


@dataclass(frozen=True, slots=True)
class _KeywordPool:
    """The keywords of all industries in one column: where each industry's begin and how many.

    ``strides`` are, for each industry, step widths that visit all of its keywords before repeating.
    """

    texts: pa.StringArray
    start: Ints
    count: Ints
    strides: Ints


class Descriptions:
    """Writes descriptions and keywords; an industry is known by its number in ``industries``."""

    def __init__(self, industries: Sequence[MarketIndustry], places: Locations) -> None:
        shared = read("descriptions")
        lists: dict[str, Sequence[str]] = {
            **shared["words"],
            "city": places.names.to_pylist(),
            "state": places.states.to_pylist(),
        }
        for industry in industries:
            lists.update(_industry_lists(industry))
        self._book = Phrasebook(lists, given=("city", "state", "name"))
        self._choices = np.array(
            [
                self._book.choice(one.entry, _templates(one, shared["describe"]))
                for one in industries
            ]
        )
        self._book.seal()
        self._offers = _keyword_pool([industry.offers for industry in industries])
        # Industries without proof keep their place by an entry that is never drawn.
        self._proofs = _keyword_pool([industry.proof or ("",) for industry in industries])

    def describe(
        self, draws: Draws, rows: Rows, industry: Ints, city: Ints, name: pa.StringArray
    ) -> pa.StringArray:
        """A description for each row; ``name`` is the company's name."""
        given = {"city": city, "state": city, "name": np.arange(len(rows))}
        layout = self._book.layout(
            draws, "company.description", rows, self._choices[industry], given
        )
        return self._book.text(layout, own=name)

    def keywords(
        self,
        draws: Draws,
        rows: Rows,
        industry: Ints,
        proven: NDArray[np.bool_],
    ) -> pa.ListArray:
        """Up to ``MAX_KEYWORDS`` keywords a row, none twice; the first of ``proven`` is a proof."""
        count = draws.below("company.keywords", rows, MAX_KEYWORDS + 1)
        start = draws.below("company.first_keyword", rows, self._offers.count[industry])
        stride = self._offers.strides[industry, draws.below("company.stride", rows, 8)]
        step = np.arange(MAX_KEYWORDS)[:, np.newaxis]
        within = (start + step * stride) % self._offers.count[industry]
        position = (self._offers.start[industry] + within).T
        proof = self._proofs.start[industry] + draws.below(
            "company.proof", rows, self._proofs.count[industry]
        )
        position[proven, 0] = proof[proven] + len(self._offers.texts)
        count[proven] = np.maximum(count[proven], 1)
        pool = pa.concat_arrays([self._offers.texts, self._proofs.texts])
        chosen = position[np.arange(MAX_KEYWORDS) < count[:, np.newaxis]]
        offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pool.take(pa.array(chosen)))


def _industry_lists(industry: MarketIndustry) -> dict[str, Sequence[str]]:
    """Word lists of one industry, their names prefixed with its key.

    Its offers are dealt to three lists, so that a sentence with several never repeats one.
    """
    lists: dict[str, Sequence[str]] = {
        f"{industry.entry}_clients": industry.clients,
        f"{industry.entry}_year": _years(kinds()[industry.kind].founded),
    }
    for number, name in enumerate(_OFFER_LISTS):
        dealt = industry.offers[number :: len(_OFFER_LISTS)]
        lists[f"{industry.entry}_{name}"] = dealt
        lists[f"{industry.entry}_{name.capitalize()}"] = [_capital(offer) for offer in dealt]
    return lists


def _templates(industry: MarketIndustry, shared: Mapping[str, float]) -> dict[str, float]:
    bare = industry.trade.split(" ", 1)[1]
    templates = dict.fromkeys(industry.describe, 1.0) if industry.describe else shared
    filled = {}
    for template, weight in templates.items():
        text = template.replace("{a_trade}", industry.trade).replace("{trade}", bare)
        text = text.replace("{Trade}", _capital(bare))
        for name in (*_OFFER_LISTS, *_CAPITAL_LISTS, "clients", "year"):
            text = text.replace(f"{{{name}}}", f"{{{industry.entry}_{name}}}")
        filled[text] = weight
    return filled


def _years(first: int) -> list[str]:
    young = range(max(first, _YOUNG_SINCE), _LAST_YEAR + 1)
    return [str(year) for years in (range(first, _YOUNG_SINCE), young, young) for year in years]


def _keyword_pool(lists: Sequence[Sequence[str]]) -> _KeywordPool:
    counts = np.array([len(entries) for entries in lists], dtype=np.int64)
    strides = []
    for count in counts.tolist():
        coprime = [stride for stride in range(1, count + 1) if math.gcd(stride, count) == 1]
        strides.append(np.resize(coprime, 8))
    return _KeywordPool(
        texts=pa.array([entry for entries in lists for entry in entries], pa.string()),
        start=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        count=counts,
        strides=np.stack(strides),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
