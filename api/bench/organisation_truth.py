"""What the recall of a benchmark is measured against: every vector compared with every question."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from api.bench.organisation_data import Organisations
from api.domain.organisation.embedder import Vectors

type Rows = npt.NDArray[np.int64]

RECALL_AT = 10
# Scores of so many questions at once: 40 MB with 200,000 organisations.
_AT_ONCE = 50


class Truth:
    """The ten organisations nearest to each question: of all, and of those at some places.

    ``places`` has lists of municipalities by name; question number ``n`` is asked at list ``n``,
    over and over.
    """

    def __init__(
        self, made: Organisations, asked: Vectors, places: Mapping[str, Sequence[Sequence[str]]]
    ):
        self._domains = made.domains
        self._best: dict[str | None, list[set[str]]] = {None: []}
        for first in range(0, len(asked), _AT_ONCE):
            scores = asked[first : first + _AT_ONCE] @ made.vectors.T
            self._best[None] += [self._ten(each) for each in scores]
        names, place_of = np.unique(np.array(made.municipalities), return_inverse=True)
        number_of = {str(name): number for number, name in enumerate(names)}
        for share, lists in places.items():
            rows = [
                np.flatnonzero(np.isin(place_of, [number_of[each] for each in chosen]))
                for chosen in lists
            ]
            self._best[share] = [
                self._ten(made.vectors[fitting] @ vector, fitting)
                for vector, fitting in (
                    (vector, rows[number % len(rows)]) for number, vector in enumerate(asked)
                )
            ]

    def recall(self, number: int, share: str | None, found: Sequence[str]) -> float:
        """The part of a question's ten that is among the first ten found; 1 where none fits."""
        best = self._best[share][number]
        return len(best & set(found[:RECALL_AT])) / len(best) if best else 1.0

    def _ten(self, scores: Vectors, rows: Rows | None = None) -> set[str]:
        best = np.arange(len(scores))
        if len(scores) > RECALL_AT:
            best = np.argpartition(-scores, RECALL_AT)[:RECALL_AT]
        return {self._domains[at] for at in (best if rows is None else rows[best]).tolist()}
