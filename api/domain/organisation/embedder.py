"""Text as vectors: the one interface of all embedders, and what is embedded of an organisation.

The model that comes with the product runs in this process and downloads nothing; a setting puts any
service with OpenAI's ``/embeddings`` in its place. Vectors of two models cannot be compared, so the
model's name and dimension are kept with the organisations, and checked.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from api.errors import DomainError, ErrorCode
from api.settings import Settings

type Vectors = npt.NDArray[np.float32]

# No model reads further than its first few hundred words.
EMBEDDED_CHARS_MAX = 8_000
_HASH_BYTES = 16
_QUERIES_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """Which vectors can be compared: those of one model, all of one length."""

    name: str
    dimension: int


class Embedder(Protocol):
    """Turns texts into vectors of length 1, one row for each text."""

    @property
    def model(self) -> EmbeddingModel:
        """What the vectors are of."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of some texts, in their order; the event loop stays free.

        Raises ``unavailable`` when the model cannot be reached in time, or answers nonsense.
        """

    async def close(self) -> None:
        """Lets go of threads and connections."""


def embedder_of(settings: Settings) -> Embedder:
    """The embedder that the settings name; cheap, as the model is loaded at the first text."""
    if settings.embedding_url is not None:
        from api.domain.organisation.endpoint import EndpointEmbedder

        return EndpointEmbedder.of(settings)
    from api.domain.organisation.onnx import OnnxEmbedder

    return OnnxEmbedder()


def embedded_text(name: str, summary: str | None, keywords: Sequence[str], text: str | None) -> str:
    """What is embedded of an organisation: name, summary, keywords and text, a line each.

    The name comes first, and the text last, since what does not fit into the model is cut off.
    """
    parts = (name, summary, ", ".join(keywords), text)
    return "\n".join(part for part in parts if part)[:EMBEDDED_CHARS_MAX]


def embedding_hash(model: EmbeddingModel, text: str) -> bytes:
    """Names the vector of a text, so that it is not computed twice (16 bytes)."""
    named = f"{model.name}\0{model.dimension}\0{text}"
    return hashlib.blake2b(named.encode(), digest_size=_HASH_BYTES).digest()


def check_same_model(stored: EmbeddingModel | None, configured: EmbeddingModel) -> None:
    """Raises ``conflict`` where the organisations were embedded by another model than the one that
    the settings name.
    """
    if stored is not None and stored != configured:
        raise DomainError(
            ErrorCode.CONFLICT,
            f"The organisations were embedded with {stored.name} ({stored.dimension} dimensions),"
            f" and the settings name {configured.name} ({configured.dimension} dimensions). Their"
            " vectors cannot be compared: set the former model again, or delete all organisations"
            " and load them anew.",
        )


def normalised(vectors: Vectors) -> Vectors:
    """The vectors, scaled to length 1; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return scaled


class QueryEmbeddings:
    """Vectors of what callers type, of which the latest 2,000 (3 MB) are kept."""

    def __init__(self, embedder: Embedder):
        self._embedder = embedder
        self._kept: OrderedDict[str, Vectors] = OrderedDict()

    @property
    def model(self) -> EmbeddingModel:
        """What the vectors are of."""
        return self._embedder.model

    async def of(self, texts: Sequence[str]) -> Vectors:
        """The vectors of some short texts, in their order. Raises as ``Embedder.embed`` does."""
        missing = list(dict.fromkeys(text for text in texts if text not in self._kept))
        fresh: dict[str, Vectors] = {}
        if missing:
            fresh = dict(zip(missing, await self._embedder.embed(missing), strict=True))
        found = []
        for text in texts:
            vector = fresh[text] if text in fresh else self._kept[text]
            self._kept[text] = vector
            self._kept.move_to_end(text)
            found.append(vector)
        while len(self._kept) > _QUERIES_KEPT:
            self._kept.popitem(last=False)
        return np.array(found, np.float32).reshape(len(texts), self.model.dimension)

    async def close(self) -> None:
        """Closes the embedder."""
        await self._embedder.close()
