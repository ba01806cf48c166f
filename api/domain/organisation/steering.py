"""The vectors that a search compares with: descriptions, and references with their steering."""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from api.domain.organisation.criteria import Reference
from api.domain.organisation.embedder import Vectors
from api.domain.organisation.queries.lists import Vector
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.queries.rows import vectors_of
from api.errors import DomainError, ErrorCode, FieldProblem, all_invalid, invalid
from api.work import Stores

# A sum this short has no direction worth the name: it is rounding of vectors that cancel out.
_MIN_LENGTH = 1e-3


async def described(stores: Stores, text: str) -> Vector:
    """The vector of a description. Raises ``unavailable`` where nothing can be embedded."""
    vectors = await embedded(stores, [text])
    return np.asarray(vectors[0])


async def embedded(stores: Stores, texts: Sequence[str]) -> Vectors:
    """The vectors of texts.

    Raises ``unavailable`` also where the organisations were embedded by another model.
    """
    embeddings = stores.embeddings
    vectors, holdings = await asyncio.gather(embeddings.of(texts), stores.holdings.now())
    if holdings.model is not None and holdings.model != embeddings.model:
        raise DomainError(
            ErrorCode.UNAVAILABLE,
            "The organisations were embedded with another model than the one in use, so that "
            "descriptions cannot be compared with them.",
        )
    return vectors


async def steered(stores: Stores, reader: Reader, references: Sequence[Reference]) -> list[Vector]:
    """The vector of each reference, by the formula of DESIGN section 7.

    Raises ``invalid_input`` naming references and repelled domains that are unknown, and where
    steering leaves nothing of a reference.
    """
    domains = {each.domain for each in references}
    domains |= {domain for each in references for domain in each.repel_domains}
    terms = list(
        dict.fromkeys(term for each in references for term in (*each.boost, *each.penalize))
    )
    if terms:
        known, vectors = await asyncio.gather(
            vectors_of(reader, sorted(domains)), embedded(stores, terms)
        )
        meanings = dict(zip(terms, vectors, strict=True))
    else:
        known, meanings = await vectors_of(reader, sorted(domains)), {}
    _refuse_unknown(references, known)
    return [_steered(each, known, meanings) for each in references]


def _refuse_unknown(references: Sequence[Reference], known: Mapping[str, Vector]) -> None:
    problems = []
    for each in references:
        for name, domains in (
            ("similar_to", (each.domain,)),
            ("similar_to.repel_domains", each.repel_domains),
        ):
            problems += [
                FieldProblem(name, f"there is no organisation at {domain}")
                for domain in domains
                if domain not in known
            ]
    if problems:
        raise all_invalid(tuple(dict.fromkeys(problems)))


def _steered(
    reference: Reference, known: Mapping[str, Vector], meanings: Mapping[str, Vector]
) -> Vector:
    vector = _unit(known[reference.domain])
    for sign, vectors in (
        (1.0, [meanings[term] for term in reference.boost]),
        (-1.0, [meanings[term] for term in reference.penalize]),
        (-1.0, [_unit(known[domain]) for domain in reference.repel_domains]),
    ):
        if vectors:
            vector = vector + np.float32(sign * reference.weight) * np.mean(vectors, axis=0)
    if float(np.linalg.norm(vector)) < _MIN_LENGTH:
        raise invalid("similar_to", "what is penalised or repelled leaves nothing of a reference")
    return _unit(vector)


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return vector if length == 0 else (vector / length).astype(np.float32)
