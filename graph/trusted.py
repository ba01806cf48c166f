"""Trusted documents: the only ones that an embed token may run.

They are those of the iframe, below ``api/embed/documents``, and named by digest as the persisted
documents of the GraphQL-over-HTTP draft: ``{"documentId": "sha256:…", "variables": …}``. The
manifest is written by ``stibnite schema`` and checked in; a server reads nothing else.
"""

import hashlib
from functools import cache

import orjson

from api.caller import EmbedCaller, Identity
from api.embed import DOCUMENTS, MANIFEST
from api.errors import DomainError, ErrorCode

_PREFIX = "sha256:"


def identifier_of(text: str) -> str:
    """The name of a document: the digest of its text."""
    return _PREFIX + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def trusted_documents() -> dict[str, str]:
    """The texts of the trusted documents by identifier."""
    manifest: dict[str, dict[str, str]] = orjson.loads(MANIFEST.read_bytes())
    return {each["id"]: each["document"] for each in manifest.values()}


def document_named(identifier: str) -> str:
    """The text of a trusted document.

    Raises ``invalid_input`` for any other.
    """
    text = trusted_documents().get(identifier)
    if text is None:
        raise DomainError(ErrorCode.INVALID_INPUT, "documentId names no trusted document.")
    return text


def admit_document(identity: Identity | None, text: str) -> None:
    """Raises ``forbidden`` where an embed token is to run a document that is not trusted."""
    if isinstance(identity, EmbedCaller) and identifier_of(text) not in trusted_documents():
        raise DomainError(
            ErrorCode.FORBIDDEN, "An embed token runs the documents of the iframe, and no other."
        )


def printed() -> bytes:
    """The manifest as the committed file holds it: one entry a file, by the file's name."""
    manifest = {}
    for path in sorted(DOCUMENTS.glob("*.graphql")):
        text = path.read_text(encoding="utf-8")
        manifest[path.stem] = {"id": identifier_of(text), "document": text}
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
