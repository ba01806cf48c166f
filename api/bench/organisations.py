"""``stibnite bench organisations``: every mode through the API, its legs, recall, and peers.

A leg of a hybrid search is measured twice: as the API answers it alone, in the modes ``fulltext``
and ``semantic``, and as the very function that the API calls, with the statement that it sends, in
this process. The latter looks up no key, reads no row of the page, and writes no journal.

Calls of all ways are interleaved; no text is embedded twice, so that no call is answered from what
an earlier one left behind. Other engines are asked less often: some take half a second.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
import numpy as np

from api.bench.measure import Latency, Ratio, latency, ratio
from api.bench.organisation_data import Organisations, Question, places_of_share
from api.bench.organisation_peers import Nearest, Peer, Words
from api.bench.organisation_truth import Truth
from api.domain.organisation.criteria import Filters, Keywords
from api.domain.organisation.embedder import Embedder, Vectors, normalised
from api.domain.organisation.holdings import RecentHoldings
from api.domain.organisation.queries.conditions import conditions_of
from api.domain.organisation.queries.lists import (
    Conditions,
    by_vector,
    by_words,
    is_exact_cheaper,
)
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.ranking import DEPTHS
from api.domain.organisation.words import DOCUMENT, matching
from api.stores.postgres import Postgres

SHARES = {"1 %": 0.01, "0.1 %": 0.001, "0.01 %": 0.0001}
PAGE = 100
WARM_UP_CALLS = 20
PEERS_CALLS = 60
_AWAY = 0.5
_TIMEOUT_S = 30

HYBRID_GOAL = 1.3
FILTERED_GOAL = 1.5
RECALL_GOALS = {"": 0.95, **dict.fromkeys(SHARES, 0.99)}

type Call = Callable[[int], Awaitable[Sequence[str] | None]]
"""Asks question number such and such; gives the domains found, where recall is measured."""


@dataclass(slots=True)
class Samples:
    """Seconds and recall of each call, by way."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    recall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found; ``recall`` is at ten, against comparing every vector."""

    ways: dict[str, Latency]
    recall: dict[str, float]
    ratios: tuple[Ratio, ...]


class _Ways:
    """Every way of asking, over the same questions, references and places."""

    def __init__(
        self,
        made: Organisations,
        asked: Sequence[Question],
        postgres: Postgres,
        embedder: Embedder,
        http: httpx2.AsyncClient,
    ):
        rows = len(made.domains)
        self._made = made
        self._asked = asked
        self._reader = Reader(postgres)
        self._holdings = RecentHoldings(postgres)
        self._embedder = embedder
        self._http = http
        self._references: list[int] = np.random.default_rng(3).permutation(rows).tolist()
        self.places = {name: places_of_share(made, share, 20) for name, share in SHARES.items()}

    def through_the_api(self) -> dict[str, Call]:
        """One call a mode, of a hundred rows."""
        return {
            "API filter": lambda at: self._post({"filters": self._at_places("1 %", at)}),
            "API fulltext": lambda at: self._post({"keywords": self._words(at)}),
            "API semantic": lambda at: self._post({"describe": self._text(3 * at)}),
            "API vector_similarity": partial(self._similar, None),
            "API hybrid": lambda at: self._post(
                {"describe": self._text(3 * at + 1), "keywords": self._words(at)}
            ),
            "API health (HTTP floor)": self._health,
            **{
                f"API vector_similarity, {name} filter": partial(self._similar, name)
                for name in SHARES
            },
        }

    def legs(self) -> dict[str, Call]:
        """The parts of a hybrid search, and of a filtered one."""
        return {
            "leg BM25": self._leg_words,
            "leg embedding + vector": self._leg_embedded,
            "leg vector": partial(self._leg_vector, None),
            **{f"leg vector, {name} filter": partial(self._leg_vector, name) for name in SHARES},
        }

    def of_peers(self, peers: Sequence[Peer]) -> dict[str, Call]:
        """The same legs in other engines."""
        ways: dict[str, Call] = {}
        for peer in peers:
            if peer.words is not None:
                ways[f"{peer.name}: words"] = partial(self._peer_words, peer.words)
            if peer.nearest is not None:
                nearest = peer.nearest
                ways[f"{peer.name}: vector"] = partial(self._peer_vector, nearest, None)
                ways[f"{peer.name}: vector, 1 % filter"] = partial(
                    self._peer_vector, nearest, "1 %"
                )
        return ways

    def truth(self, calls: int) -> Truth:
        """What the first so many calls should find."""
        asked = np.array([self._vector(at) for at in range(calls)])
        return Truth(self._made, asked, self.places)

    async def _post(self, body: dict[str, Any]) -> None:
        response = await self._http.post("/v2/search", json={"size": PAGE, **body})
        response.raise_for_status()

    async def _similar(self, share: str | None, at: int) -> None:
        filters = {} if share is None else {"filters": self._at_places(share, at)}
        await self._post({"similar_to": [self._reference(at)], **filters})

    async def _health(self, _: int) -> None:
        (await self._http.get("/v2/health")).raise_for_status()

    async def _leg_words(self, at: int) -> None:
        query = matching(Keywords(must_any=self._question(at).words), DOCUMENT)
        await by_words(self._reader, query, [], DEPTHS[0], names=False)

    async def _leg_embedded(self, at: int) -> None:
        (vector,), exactly = await asyncio.gather(
            self._embedder.embed([self._text(3 * at + 2)]), self._exactly([])
        )
        await self._nearest(vector, [], exactly=exactly)

    async def _leg_vector(self, share: str | None, at: int) -> Sequence[str]:
        places = None if share is None else tuple(self._places(share, at))
        conditions = conditions_of(Filters(municipality=places))
        exactly = await self._exactly(conditions)
        return await self._nearest(self._vector(at), conditions, exactly=exactly)

    async def _exactly(self, conditions: Conditions) -> bool:
        everything = (await self._holdings.now()).rows
        return await is_exact_cheaper(self._reader, conditions, DEPTHS[0], everything)

    async def _nearest(
        self, vector: Vectors, conditions: Conditions, *, exactly: bool
    ) -> Sequence[str]:
        found = await by_vector(
            self._reader,
            vector,
            conditions,
            DEPTHS[0],
            names=False,
            exactly=exactly,
            min_score=None,
        )
        return [row.domain for row in found.rows]

    async def _peer_words(self, words: Words, at: int) -> None:
        words(self._question(at).words)

    async def _peer_vector(self, nearest: Nearest, share: str | None, at: int) -> Sequence[str]:
        places = None if share is None else self._places(share, at)
        return [self._made.domains[each] for each in nearest(self._vector(at), places)]

    def _question(self, at: int) -> Question:
        return self._asked[at % len(self._asked)]

    def _text(self, number: int) -> str:
        return self._asked[number % len(self._asked)].text

    def _words(self, at: int) -> dict[str, Any]:
        return {"must_any": list(self._question(at).words)}

    def _reference(self, at: int) -> str:
        return self._made.domains[self._references[at % len(self._references)]]

    def _vector(self, at: int) -> Vectors:
        """Near an organisation, but not as near as that is to itself: what people ask for is in no
        index.
        """
        vector = self._made.vectors[self._references[at % len(self._references)]]
        away = np.random.default_rng(at).normal(size=len(vector)) * (_AWAY / np.sqrt(len(vector)))
        asked: Vectors = normalised((vector + away).astype(np.float32)[None])[0]
        return asked

    def _places(self, share: str, at: int) -> list[str]:
        return self.places[share][at % len(self.places[share])]

    def _at_places(self, share: str, at: int) -> dict[str, list[str]]:
        return {"municipality": self._places(share, at)}


async def measure(
    made: Organisations,
    asked: Sequence[Question],
    stack: tuple[str, str, Postgres],
    embedder: Embedder,
    peers: Sequence[Peer],
    calls: int,
) -> Report:
    """Asks ``calls`` questions by every way, in turn; ``stack`` is its base url, a key, and its
    Postgres. ``asked`` must be three times as many, so that each text is embedded once.
    """
    base_url, key, postgres = stack
    async with httpx2.AsyncClient(
        base_url=base_url, headers={"x-api-key": key}, timeout=_TIMEOUT_S
    ) as http:
        ways = _Ways(made, asked, postgres, embedder, http)
        ours = {**ways.through_the_api(), **ways.legs()}
        theirs = ways.of_peers(peers)
        truth = await asyncio.to_thread(ways.truth, calls)
        await _interleaved(ours, theirs, range(calls, calls + WARM_UP_CALLS), Samples(), None)
        samples = Samples()
        await _interleaved(ours, theirs, range(calls), samples, truth)
    return _report(samples)


async def _interleaved(
    ours: Mapping[str, Call],
    theirs: Mapping[str, Call],
    numbers: range,
    samples: Samples,
    truth: Truth | None,
) -> None:
    draw = random.Random(1)  # noqa: S311 - statistics, not secrets
    every = max(1, len(numbers) // PEERS_CALLS)
    for at in numbers:
        asked = {**ours, **theirs} if at % every == 0 else ours
        for name in draw.sample(list(asked), len(asked)):
            started = time.perf_counter()
            found = await asked[name](at)
            samples.seconds[name].append(time.perf_counter() - started)
            if found is not None and truth is not None:
                share = next((each for each in SHARES if f", {each} filter" in name), None)
                samples.recall[name].append(truth.recall(at, share, found))


def _report(samples: Samples) -> Report:
    seconds = samples.seconds

    def hybrid(*legs: str) -> Ratio:
        """Hybrid over the slower one of two ways to answer a half of it."""
        slower = max(legs, key=lambda name: float(np.median(seconds[name])))
        return ratio(f"API hybrid ÷ {slower}", seconds["API hybrid"], seconds[slower], HYBRID_GOAL)

    ratios = [
        hybrid("API fulltext", "API semantic"),
        hybrid("leg BM25", "leg embedding + vector"),
        ratio(
            "leg vector, 1 % filter ÷ unfiltered, p95",
            seconds["leg vector, 1 % filter"],
            seconds["leg vector"],
            FILTERED_GOAL,
            0.95,
        ),
        ratio(
            "API vector_similarity, 1 % filter ÷ unfiltered, p95",
            seconds["API vector_similarity, 1 % filter"],
            seconds["API vector_similarity"],
            FILTERED_GOAL,
            0.95,
        ),
    ]
    return Report(
        {name: latency(each) for name, each in sorted(seconds.items())},
        {name: round(float(np.mean(each)), 4) for name, each in sorted(samples.recall.items())},
        tuple(ratios),
    )
