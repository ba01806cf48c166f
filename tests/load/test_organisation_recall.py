"""Recall of the vector list at ten, on organisations as a load leaves them: with every filter."""

from pathlib import Path

import numpy as np

from api.bench.organisation_data import make_organisations, places_of_share
from api.bench.organisation_truth import RECALL_AT, Truth
from api.domain.organisation.criteria import Filters
from api.domain.organisation.embedder import normalised
from api.domain.organisation.queries.conditions import conditions_of
from api.domain.organisation.queries.lists import by_vector, is_exact_cheaper
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.ranking import DEPTHS
from api.stores.postgres import Postgres
from tests.load.organisation_files import CountingEmbedder, load

ROWS = 20_000
QUESTIONS = 24
# The part of the rows that a filter keeps, and the least mean recall.
LEAST = {None: 0.95, 0.1: 0.99, 0.01: 0.99, 0.001: 0.99, 0.0001: 0.99}


async def test_filters_cost_no_recall(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    made = await make_organisations(ROWS, tmp_path, embedder)
    (report,) = await load(organisations, embedder, made.file)
    assert report.loaded == ROWS
    draws = np.random.default_rng(11)
    near = made.vectors[draws.integers(0, ROWS, QUESTIONS)]
    asked = normalised((near + draws.normal(scale=0.03, size=near.shape)).astype(np.float32))
    places = {str(share): places_of_share(made, share, 6) for share in LEAST if share is not None}
    truth = Truth(made, asked, places)
    postgres = Postgres(organisations.replace("postgresql://", "postgresql+psycopg://"))
    ways = set()
    try:
        reader = Reader(postgres)
        for share, least in LEAST.items():
            recalls = []
            for number, vector in enumerate(asked):
                kept = None
                if share is not None:
                    kept = tuple(places[str(share)][number % 6])
                conditions = conditions_of(Filters(municipality=kept))
                exactly = await is_exact_cheaper(reader, conditions, DEPTHS[0], ROWS)
                ways.add(exactly)
                found = await by_vector(
                    reader,
                    vector,
                    conditions,
                    DEPTHS[0],
                    names=False,
                    exactly=exactly,
                    min_score=None,
                )
                domains = [row.domain for row in found.rows]
                name = None if share is None else str(share)
                recalls.append(truth.recall(number, name, domains))
                assert len(domains) == min(DEPTHS[0], round(ROWS * (share or 1)))
            assert np.mean(recalls) >= least, f"{share}: {np.mean(recalls)} at {RECALL_AT}"
    finally:
        await postgres.close()
    # Both ways were gone: through the index, and past it.
    assert ways == {True, False}
