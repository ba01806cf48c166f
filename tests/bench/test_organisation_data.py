"""What the benchmark of organisations is made of."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from api.bench import organisation_peers
from api.bench.organisation_data import make_organisations, places_of_share, questions
from api.bench.organisation_truth import Truth
from api.domain.organisation.onnx import OnnxEmbedder
from api.errors import DomainError


async def test_organisations_are_believable_and_always_the_same(tmp_path: Path) -> None:
    embedder = OnnxEmbedder()
    made = await make_organisations(500, tmp_path, embedder)
    (tmp_path / "again").mkdir()
    again = await make_organisations(500, tmp_path / "again", embedder)
    await embedder.close()
    assert len(set(made.domains)) == 500
    assert (made.domains, made.documents) == (again.domains, again.documents)
    np.testing.assert_array_equal(made.vectors, again.vectors)
    np.testing.assert_allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-3)
    rows = pq.read_table(made.file).to_pylist()
    assert [row["domain"] for row in rows] == made.domains
    # Organisations of one industry are nearer to each other than to the others.
    label = rows[0]["industry"]
    same = np.array([row["industry"] == label for row in rows])
    likeness = made.vectors @ made.vectors[0]
    assert likeness[same][1:].mean() > likeness[~same].mean() + 0.2


async def test_places_keep_the_share_that_is_asked_for(tmp_path: Path) -> None:
    embedder = OnnxEmbedder()
    made = await make_organisations(2_000, tmp_path, embedder)
    await embedder.close()
    for share, rows in ((0.1, 200), (0.01, 20), (0.001, 2)):
        lists = places_of_share(made, share, 5)
        for places in lists:
            kept = sum(place in places for place in made.municipalities)
            assert 0.9 * rows <= kept <= rows
        assert len({tuple(places) for places in lists}) > 1


async def test_recall_is_against_every_vector(tmp_path: Path) -> None:
    embedder = OnnxEmbedder()
    made = await make_organisations(300, tmp_path, embedder)
    await embedder.close()
    places = {"some": places_of_share(made, 0.1, 2), "one": [[made.municipalities[7]]]}
    asked = made.vectors[:60]
    truth = Truth(made, asked, places)
    for number in (0, 51):
        order = np.argsort(-(made.vectors @ asked[number]), kind="stable").tolist()
        best = [made.domains[at] for at in order]
        assert best[0] == made.domains[number]
        assert truth.recall(number, None, best[:10]) == 1
        assert truth.recall(number, None, [*best[5:10], *best[20:30]]) == 0.5
        chosen = places["some"][number % 2]
        there = [made.domains[at] for at in order if made.municipalities[at] in chosen]
        assert truth.recall(number, "some", there) == 1
        assert truth.recall(number, "some", there[3:]) == 0.7
        of_one = [made.domains[at] for at in order if made.municipalities[at] in places["one"][0]]
        assert truth.recall(number, "one", of_one) == 1
        assert truth.recall(number, "one", []) == 0


def test_questions_differ() -> None:
    asked = questions(3_000)
    assert len({each.text for each in asked}) == 3_000
    assert all(2 <= len(each.words) == len(set(each.words)) for each in asked)
    assert questions(10) == asked[:10]


def test_missing_engines_are_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisation_peers, "_PACKAGES", ("numpy", "no_such_engine"))
    with pytest.raises(DomainError, match="no_such_engine") as error:
        organisation_peers.require_peers()
    assert organisation_peers.INSTALL in error.value.message
    assert "numpy" not in error.value.message
