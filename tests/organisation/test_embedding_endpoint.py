"""An embedding service in place of the local model: what it is asked, and what is believed."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest

from api.domain.organisation import endpoint
from api.domain.organisation.embedder import EmbeddingModel, embedder_of
from api.domain.organisation.endpoint import TEXTS_PER_CALL, EndpointEmbedder
from api.errors import DomainError, ErrorCode
from api.settings import Settings, SettingsError
from tests.organisation.embedding_service import Answer, Service, letter_counts, letters, served

MODEL = EmbeddingModel("letters", 26)


def embedder(service: Service) -> EndpointEmbedder:
    return EndpointEmbedder(service.url, MODEL, "the key")


async def test_vectors_come_in_the_order_of_the_texts_and_with_length_one() -> None:
    texts = [f"text {'abcdefghij'[number % 10] * number}" for number in range(2 * TEXTS_PER_CALL)]
    with served() as service:
        asking = embedder(service)
        vectors = await asking.embed(texts)
        await asking.close()
    wanted = np.array([letter_counts(text) for text in texts])
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, wanted, atol=1e-6)
    assert [len(asked["input"]) for asked in service.asked] == [TEXTS_PER_CALL, TEXTS_PER_CALL]
    first = service.asked[0]
    assert (first["path"], first["model"]) == ("/v1/embeddings", "letters")
    assert first["encoding_format"] == "float"
    assert {each["authorization"] for each in service.headers} == {"Bearer the key"}


async def test_the_settings_name_it() -> None:
    with served() as service:
        made = embedder_of(
            Settings(
                embedding_url=f"{service.url}/", embedding_model="letters", embedding_dimension=26
            )
        )
        (vector,) = await made.embed(["ab"])
        await made.close()
    assert np.isclose(vector[0], 0.5**0.5)
    assert "authorization" not in service.headers[0]
    with pytest.raises(SettingsError, match="STIBNITE_EMBEDDING_MODEL"):
        embedder_of(Settings(embedding_url="http://127.0.0.1:9/v1"))


def spoilt(change: Callable[[dict[str, Any]], Any]) -> Answer:
    """An honest answer with something done to it."""

    def answer(body: dict[str, Any]) -> tuple[int, bytes]:
        _, content = letters(body)
        return 200, orjson.dumps(change(orjson.loads(content)))

    return answer


NONSENSE: dict[str, Answer] = {
    "an error": lambda _: (500, b"{}"),
    "refused": lambda _: (401, b'{"error": "no such key"}'),
    "a redirect": lambda _: (302, b""),
    "no JSON": lambda _: (200, b"<html>"),
    "a list": lambda _: (200, b"[]"),
    "one vector too few": spoilt(lambda answer: {"data": answer["data"][1:]}),
    "no vector": spoilt(lambda answer: {"data": [{"index": 0}, {"index": 1}]}),
    "one place twice": spoilt(lambda answer: {"data": [answer["data"][0]] * 2}),
    "a place too far": spoilt(lambda answer: {"data": [{**answer["data"][0], "index": 2}] * 2}),
    "text in a vector": spoilt(
        lambda answer: {"data": [{**each, "embedding": ["1"] * 26} for each in answer["data"]]}
    ),
    "zeros": spoilt(
        lambda answer: {"data": [{**each, "embedding": [0] * 26} for each in answer["data"]]}
    ),
    "larger than any integer of a machine": spoilt(
        lambda answer: {"data": [{**each, "embedding": [10**19] * 26} for each in answer["data"]]}
    ),
    "too large for a float": spoilt(
        lambda answer: {"data": [{**each, "embedding": [1e300] * 26} for each in answer["data"]]}
    ),
}


@pytest.mark.parametrize("what", NONSENSE)
async def test_nonsense_is_unavailable(what: str) -> None:
    with served(NONSENSE[what]) as service:
        asking = embedder(service)
        with pytest.raises(DomainError, match="embedding service") as error:
            await asking.embed(["ab", "cd"])
        await asking.close()
    assert error.value.code is ErrorCode.UNAVAILABLE
    assert len(service.asked) == 1


async def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "ANSWER_BYTES_MAX", 1_000)
    with served() as service:
        asking = embedder(service)
        with pytest.raises(DomainError) as error:
            await asking.embed([f"text {number}" for number in range(16)])
        await asking.close()
    assert error.value.code is ErrorCode.UNAVAILABLE


async def test_another_dimension_is_said() -> None:
    with served(lambda body: letters(body, 20)) as service:
        asking = embedder(service)
        with pytest.raises(DomainError, match=r"20 dimensions.*EMBEDDING_DIMENSION is 26") as error:
            await asking.embed(["ab"])
        await asking.close()
    assert error.value.code is ErrorCode.CONFLICT


async def test_nobody_there_is_unavailable() -> None:
    asking = EndpointEmbedder("http://127.0.0.1:9/v1", MODEL, None)
    with pytest.raises(DomainError) as error:
        await asking.embed(["ab"])
    await asking.close()
    assert error.value.code is ErrorCode.UNAVAILABLE


async def test_a_service_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "QUERY_TIMEOUT_S", 0.05)
    accepted = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asking = EndpointEmbedder(f"http://127.0.0.1:{port}/v1", MODEL, None)
    with pytest.raises(DomainError) as error:
        await asking.embed(["ab"])
    await asking.close()
    server.close()
    assert error.value.code is ErrorCode.UNAVAILABLE
    assert accepted.is_set()


async def test_a_load_tries_again() -> None:
    calls = iter(range(100))

    def answer(body: dict[str, Any]) -> tuple[int, bytes]:
        return (503, b"{}") if next(calls) == 0 else letters(body)

    with served(answer) as service:
        asking = embedder(service)
        vectors = await asking.embed([f"text {number}" for number in range(20)])
        await asking.close()
    assert vectors.shape == (20, 26)
    assert len(service.asked) == 2
