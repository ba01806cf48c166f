"""Organisations whose right answers are known: each belongs to one trade, one place, one size.

Besides them there is a crowd without words that matter, with random vectors: it makes the index one
that is worth walking.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psycopg

from api.domain.organisation.embedder import Vectors, embedded_text
from api.domain.organisation.onnx import MODEL, OnnxEmbedder
from tests.stack import Stack

PLACES = (
    ("Germany", "Bavaria", "Munich"),
    ("Austria", "Tyrol", "Innsbruck"),
    ("Portugal", "Norte", "Porto"),
    ("Ireland", "Leinster", "Dublin"),
)
SIZES = ("Micro (0-9)", "Small (10-49)", "Medium-sized (50-249)", "Large enterprise (250+)")
# Trade: its NACE code, its keyword, and what all of it say about themselves.
TRADES = {
    "payroll": ("62.01", "Payroll", "payroll software that pays the wages of employees on time"),
    "solar": ("35.11", "Solar", "solar panels and renewable energy for roofs"),
    "bakery": ("10.71", "Bakery", "bread and cakes from our own bakery"),
    "crypto": ("64.99", "Crypto", "an exchange for bitcoin and other crypto currencies"),
    "clinic": ("86.10", "Clinic", "a clinic with doctors for patients with heart disease"),
    "trucking": ("49.41", "Trucking", "trucks that carry freight over long distances"),
}
EACH = 16
CROWD = 2_600
CROWD_EVERY = 100
"""One in so many of the crowd is at a place of its own: the narrow filter."""


def organisations() -> list[dict[str, Any]]:
    """The organisations with a meaning: 16 of each trade, four at each place."""
    rows = []
    for trade, (nace, keyword, about) in TRADES.items():
        for number in range(EACH):
            country, state, city = PLACES[number % 4]
            rows.append(
                {
                    "domain": f"{trade}-{number:02d}.example",
                    "name": f"{trade.title()} Works {number // 2:02d}",
                    "summary": f"We offer {about}.",
                    "summary_keywords": [keyword, f"{keyword} in {city}"],
                    "text": f"From {city} we serve our neighbours. Order number {number:02d}.",
                    "organization_type": "Startup" if number % 2 else "Company",
                    "organization_size": SIZES[number // 4],
                    "nace_code": nace,
                    "country": country,
                    "state": state,
                    "municipality": city,
                    "source": "made",
                    "company_register_court": f"Court of {city}",
                    "company_register_date": f"20{number:02d}-03-{number + 1:02d}",
                    "created_at": "2026-01-02T00:00:00Z",
                    "lat": 48.5,
                }
            )
    rows += ODD
    rows += BOTH
    return rows


# What text must not be taken for: operators, other scripts, stop words.
ODD: list[dict[str, Any]] = [
    {"domain": "thewho.example", "name": "The Who", "source": "odd"},
    {"domain": "cplusplus.example", "name": 'C++ AND (Rust OR "Zig")', "source": "odd"},
    {"domain": "tokyo.example", "name": "東京自動車株式会社", "source": "odd"},
    {"domain": "cafe.example", "name": "Café Müller", "source": "odd"},
    {"domain": "privet.example", "name": "Привет мир", "source": "odd"},
    {
        "domain": "apart.example",
        "name": "Quartz Lantern",
        "summary": "Harbour fox",
        "text": "violet engine",
        "source": "odd",
    },
]


# Organisations whose domains are those of documented companies.
BOTH: list[dict[str, Any]] = [
    {
        "domain": "example.com",
        "name": "Example SaaS Co",
        "summary": "Software for the payroll of small companies.",
        "source": "both",
    },
    {
        "domain": "crowded-law.example",
        "name": "Crowded Law",
        "summary": "A law firm whose lawyers plead in court.",
        "source": "both",
    },
]


def crowd() -> list[dict[str, Any]]:
    """Rows with nothing but a source, a region and every hundredth a district."""
    return [
        {
            "domain": f"crowd-{number:05d}.example",
            "name": f"Crowd {number:05d}",
            "source": "crowd",
            "region": f"Half {number % 2}",
            "district": "Corner" if number % CROWD_EVERY == 0 else None,
        }
        for number in range(CROWD)
    ]


def crowd_vectors() -> Vectors:
    """A direction for each of the crowd, the same each time."""
    vectors = np.random.default_rng(7).normal(size=(CROWD, MODEL.dimension)).astype(np.float32)
    scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def embedded(texts: Sequence[str]) -> Vectors:
    """The vectors of texts, by the product's own model."""

    async def embed() -> Vectors:
        embedder = OnnxEmbedder()
        try:
            return await embedder.embed(texts)
        finally:
            await embedder.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, embed()).result()


def text_of(row: dict[str, Any]) -> str:
    """What is embedded of a row."""
    return embedded_text(
        row["name"], row.get("summary"), row.get("summary_keywords", ()), row.get("text")
    )


_COLUMNS = (
    *("domain", "name", "summary", "summary_keywords", "text", "organization_type"),
    *("organization_size", "nace_code", "country", "state", "region", "district", "municipality"),
    *("source", "company_register_court", "company_register_date", "created_at", "lat"),
)


def put(stack: Stack) -> None:
    """Writes them all; a second time changes nothing."""
    rows = organisations()
    vectors = [*embedded([text_of(row) for row in rows]), *crowd_vectors()]
    assert stack.settings.database_url is not None
    names = ", ".join(_COLUMNS)
    with psycopg.connect(stack.settings.database_url) as connection:
        # Those of the sample market too, so that these are all there are.
        connection.execute("delete from organisations")
        copy = f"copy organisations ({names}, embedding) from stdin"
        with connection.cursor().copy(copy.encode()) as lines:
            for row, vector in zip([*rows, *crowd()], vectors, strict=True):
                values = {"summary_keywords": [], **row}
                written = "[" + ",".join(f"{x:.6f}" for x in vector) + "]"
                lines.write_row([*(values.get(name) for name in _COLUMNS), written])
        connection.execute(
            "insert into organisation_embedding_model (name, dimension) values (%s, %s)"
            " on conflict do nothing",
            [MODEL.name, MODEL.dimension],
        )
        connection.execute("analyze organisations")
