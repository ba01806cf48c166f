"""Organisations for the benchmark: companies of the market with believable vectors, in any number.

Embedding 200,000 texts would take longer than measuring with them, so a vector is put together from
those of what a company says: its industry, its keywords, its city, each embedded by the real model,
and a part of its own. Like real ones, such vectors lie in clusters of clusters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.domain.organisation.embedder import Embedder, Vectors, normalised
from api.market.companies import CompanyMaker
from api.market.draws import Draws
from api.market.locations import locations
from api.market.market_data import MarketIndustry, market_industries
from api.market.names import names

_BLOCK = 12_000
_SEED = 7
# How much of a vector is what: industry, keywords together, city, and the company's own.
_INDUSTRY, _KEYWORDS, _CITY, _OWN = 1.0, 0.8, 0.3, 0.6


@dataclass(frozen=True, slots=True)
class Organisations:
    """What was made: the file, and by number of organisation what is in it.

    ``vectors`` are as exact as the store keeps them.
    """

    file: Path
    domains: list[str]
    documents: list[str]
    municipalities: list[str]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody looks for: in a sentence, and in words."""

    text: str
    words: tuple[str, ...]


async def make_organisations(count: int, folder: Path, embedder: Embedder) -> Organisations:
    """Exactly ``count`` organisations, as a Parquet file of companies with vectors."""
    companies = _companies(count)
    domains = companies.column("domain").to_pylist()
    industries = companies.column("industry").to_pylist()
    keywords = companies.column("keywords").to_pylist()
    cities = companies.column("city").to_pylist()
    phrases = sorted({*industries, *cities, *(each for row in keywords for each in row)} - {None})
    places = {phrase: at for at, phrase in enumerate(phrases)}
    embedded = await embedder.embed(phrases)
    own = np.random.default_rng(_SEED).normal(size=(count, embedded.shape[1]))
    vectors = (own * (_OWN / np.sqrt(embedded.shape[1]))).astype(np.float32)
    for at, (industry, words, city) in enumerate(zip(industries, keywords, cities, strict=True)):
        if industry is not None:
            vectors[at] += _INDUSTRY * embedded[places[industry]]
        if words:
            vectors[at] += _KEYWORDS * embedded[[places[word] for word in words]].mean(axis=0)
        if city is not None:
            vectors[at] += _CITY * embedded[places[city]]
    vectors = normalised(vectors)
    file = folder / "organisations.parquet"
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    pq.write_table(companies.append_column("embedding", column), file, row_group_size=20_000)
    return Organisations(
        file,
        domains,
        _documents(companies),
        [city or "" for city in cities],
        normalised(vectors.astype(np.float16).astype(np.float32)),
    )


def _companies(count: int) -> pa.Table:
    maker = CompanyMaker(Draws(_SEED), count * 7, names(), locations())
    blocks: list[pa.Table] = []
    first = rows = 0
    while rows < count:
        made = maker.block(first, _BLOCK).table
        blocks.append(made.filter(made.column("domain").is_valid()))
        first += _BLOCK
        rows += len(blocks[-1])
    return pa.concat_tables(blocks).slice(0, count).combine_chunks()


def _documents(companies: pa.Table) -> list[str]:
    """The words by which the store finds a company."""
    columns = [
        companies.column(name).to_pylist()
        for name in ("name", "industry", "keywords", "description")
    ]
    return [
        " ".join(part for part in (name, industry, " ".join(keywords), text) if part)
        for name, industry, keywords, text in zip(*columns, strict=True)
    ]


def questions(count: int) -> list[Question]:
    """That many different questions, in an order that mixes the industries."""
    industries = market_industries()
    rows = np.arange(count * 2, dtype=np.uint64)
    draws = Draws(_SEED)
    which = draws.below("question.industry", rows, len(industries))
    found: dict[str, Question] = {}
    for row, industry in zip(rows.tolist(), which.tolist(), strict=True):
        question = _question(industries[industry], draws, row)
        found.setdefault(question.text, question)
        if len(found) == count:
            return list(found.values())
    raise ValueError(f"there are no {count} different questions")


def _question(industry: MarketIndustry, draws: Draws, row: int) -> Question:
    def drawn(purpose: str, choices: Sequence[str]) -> str:
        at = draws.below(f"question.{purpose}", np.array([row], np.uint64), len(choices))
        return choices[int(at[0])]

    offers = drawn("first", industry.offers), drawn("second", industry.offers)
    clients, city = drawn("clients", industry.clients), drawn("city", _city_names())
    text = f"{industry.trade} near {city} with {offers[0]} and {offers[1]} for {clients}"
    words = " ".join((*offers, clients)).split()
    return Question(text, tuple(dict.fromkeys(words)))


def _city_names() -> list[str]:
    return [city.name for city in locations().cities[:300]]


def places_of_share(made: Organisations, share: float, count: int) -> list[list[str]]:
    """``count`` lists of municipalities, each of which about ``share`` of the rows lie in."""
    found, sizes = np.unique(np.array(made.municipalities), return_counts=True)
    target = max(1, round(share * len(made.municipalities)))
    draw = np.random.default_rng(_SEED)
    lists = []
    for _ in range(count):
        left, chosen = target, []
        for at in draw.permutation(len(found)).tolist():
            if found[at] and sizes[at] <= left:
                chosen.append(str(found[at]))
                left -= int(sizes[at])
            if left == 0 or len(chosen) == 200:
                break
        lists.append(chosen)
    return lists
