"""Any service with OpenAI's ``POST …/embeddings`` as the embedder."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx2
import numpy as np
import orjson
import structlog

from api.domain.organisation.embedder import EmbeddingModel, Vectors, normalised
from api.errors import DomainError, ErrorCode
from api.settings import Settings, SettingsError

TEXTS_PER_CALL = 64
ANSWER_BYTES_MAX = 32 * 1024 * 1024
# A query waits for its vector, a load for many: neither for ever.
QUERY_TIMEOUT_S = 3.0
BATCH_TIMEOUT_S = 60.0
_QUERY_TEXTS = 16
_ATTEMPTS = 3
_PAUSE_S = 0.5
_CALLS_AT_ONCE = 2
# Far above every real one, and its square is still a float of 32 bits. NaN is not below it.
_COMPONENT_MAX = 1e15

log = structlog.get_logger("stibnite.embedder")


class EndpointEmbedder:
    """Asks the service, a few dozen texts at a time, and believes no answer unseen.

    Up to 16 texts are a query, which has three seconds; more are a load, whose calls have a minute
    and two further attempts.
    """

    def __init__(self, url: str, model: EmbeddingModel, api_key: str | None):
        self.model = model
        self._url = f"{url.rstrip('/')}/embeddings"
        self._headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        self._client: httpx2.AsyncClient | None = None
        self._free = asyncio.Semaphore(_CALLS_AT_ONCE)

    @classmethod
    def of(cls, settings: Settings) -> "EndpointEmbedder":
        """The service that the settings name.

        Raises:
            SettingsError: the model or its dimension is not set.
        """
        if settings.embedding_url is None or settings.embedding_model is None:
            raise SettingsError(
                "STIBNITE_EMBEDDING_URL and STIBNITE_EMBEDDING_MODEL are needed together."
            )
        key = settings.embedding_api_key
        return cls(
            settings.embedding_url,
            EmbeddingModel(settings.embedding_model, settings.embedding_dimension),
            None if key is None else key.get_secret_value(),
        )

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """As ``Embedder``."""
        if not texts:
            return np.empty((0, self.model.dimension), np.float32)
        pieces = [texts[at : at + TEXTS_PER_CALL] for at in range(0, len(texts), TEXTS_PER_CALL)]
        embed = self._embed_query if len(texts) <= _QUERY_TEXTS else self._embed_batch
        try:
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(embed(piece)) for piece in pieces]
        except* DomainError as failed:
            raise failed.exceptions[0] from None
        return np.concatenate([call.result() for call in calls])

    async def close(self) -> None:
        """Closes the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _embed_query(self, texts: Sequence[str]) -> Vectors:
        vectors = await self._attempt(texts, QUERY_TIMEOUT_S)
        if vectors is None:
            raise _unavailable()
        return vectors

    async def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        async with self._free:
            for attempt in range(1, _ATTEMPTS + 1):
                vectors = await self._attempt(texts, BATCH_TIMEOUT_S)
                if vectors is not None:
                    return vectors
                if attempt < _ATTEMPTS:
                    await asyncio.sleep(_PAUSE_S * attempt)
        raise _unavailable()

    async def _attempt(self, texts: Sequence[str], seconds: float) -> Vectors | None:
        """One call; ``None`` when it failed in a way that may pass."""
        try:
            async with asyncio.timeout(seconds):
                return self._vectors(await self._ask(texts), len(texts))
        except (httpx2.HTTPError, TimeoutError, _Nonsense) as error:
            log.warning("the embedding service failed", error=str(error) or repr(error))
            return None

    async def _ask(self, texts: Sequence[str]) -> Any:
        if self._client is None:
            self._client = httpx2.AsyncClient(headers=self._headers, follow_redirects=False)
        body = {"model": self.model.name, "input": list(texts), "encoding_format": "float"}
        answer = bytearray()
        async with self._client.stream(
            "POST",
            self._url,
            content=orjson.dumps(body),
            headers={"content-type": "application/json"},
            timeout=BATCH_TIMEOUT_S,
        ) as response:
            if response.status_code != 200:
                raise _Nonsense(f"status {response.status_code}")
            async for piece in response.aiter_bytes():
                answer += piece
                if len(answer) > ANSWER_BYTES_MAX:
                    raise _Nonsense("the answer is too long")
        try:
            return orjson.loads(answer)
        except orjson.JSONDecodeError:
            raise _Nonsense("the answer is not JSON") from None

    def _vectors(self, answer: Any, texts: int) -> Vectors:
        """The answer's vectors in the order of the texts."""
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list) or len(data) != texts:
            raise _Nonsense("the answer has not one vector for each text")
        vectors = np.zeros((texts, self.model.dimension), np.float32)
        for place, each in enumerate(data):
            at = each.get("index", place) if isinstance(each, dict) else None
            vector = each.get("embedding") if isinstance(each, dict) else None
            if not isinstance(at, int) or not 0 <= at < texts or not isinstance(vector, list):
                raise _Nonsense("the answer has not one vector for each text")
            if len(vector) != self.model.dimension:
                raise DomainError(
                    ErrorCode.CONFLICT,
                    f"The embedding service gives vectors of {len(vector)} dimensions, and"
                    f" STIBNITE_EMBEDDING_DIMENSION is {self.model.dimension}.",
                )
            if not all(isinstance(x, int | float) and abs(x) < _COMPONENT_MAX for x in vector):
                raise _Nonsense("a vector holds what is no number")
            vectors[at] = vector
        if not vectors.any(axis=1).all():
            raise _Nonsense("a vector has no direction")
        return normalised(vectors)


class _Nonsense(Exception):
    """An answer that cannot be used."""


def _unavailable() -> DomainError:
    return DomainError(
        ErrorCode.UNAVAILABLE,
        "The embedding service does not answer as it should. Try again shortly.",
    )
