"""Organisations for loading, made by the tests, and what is in the store afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from pgvector.psycopg import register_vector

from api.domain.organisation.embedder import Embedder, Vectors
from api.load.organisation_service import load_organisations
from api.load.service import FileReport

type Row = dict[str, Any]
DIMENSION = 384


def organisation(number: int, **other: Any) -> Row:
    """An invented organisation; ``other`` replaces its values."""
    return {
        "domain": f"organisation-{number}.example",
        "name": f"Organisation {number}",
        "summary": "Pumps for waterworks",
        "text": f"Factory number {number} makes pumps.",
        "country": "Germany",
        **other,
    }


def vector(number: int) -> list[float]:
    """A direction of its own for each number."""
    drawn = np.random.default_rng(number).normal(size=DIMENSION)
    return [round(float(each), 4) for each in drawn]


class CountingEmbedder:
    """A real embedder, and which texts it was asked for. Fails after ``allowed`` calls."""

    def __init__(self, real: Embedder):
        self.real = real
        self.model = real.model
        self.asked: list[str] = []
        self.allowed: int | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """As the real one."""
        if self.allowed is not None:
            if not self.allowed:
                raise ConnectionResetError("the embedder is gone")
            self.allowed -= 1
        self.asked += texts
        return await self.real.embed(texts)

    async def close(self) -> None:
        """Closes the real one."""
        await self.real.close()

    def asked_since(self) -> list[str]:
        """The texts since this was called last."""
        asked, self.asked = self.asked, []
        return asked


async def load(url: str, embedder: Embedder, *files: Path) -> list[FileReport]:
    """Loads files; the rejects files lie beside them."""
    return await load_organisations(url, embedder, files, rejects_folder=files[0].parent)


def stored(url: str, *columns: str) -> dict[str, Any]:
    """What is loaded, by domain: one column's value, or those of several."""
    with psycopg.connect(url) as connection:
        register_vector(connection)
        rows = connection.execute(
            f"select domain, {', '.join(columns)} from organisations"  # noqa: S608
        ).fetchall()
    return {domain: values[0] if len(columns) == 1 else values for domain, *values in rows}
