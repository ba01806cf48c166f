"""Keywords as query objects of pg_search. Text stays text: the query parser is never involved."""

from typing import Any

import orjson

from api.domain.organisation.criteria import Keywords

DOCUMENT = "document"
"""The indexed words of name, summary, keywords and text, as one field."""

TEXT = "text"
"""The indexed words of the column ``text`` alone."""

SEPARATOR = "ǁ"
"""Stands between the parts of the document, so that no phrase reaches from one into the next."""

type Query = dict[str, Any]


def phrase(text: str, field: str) -> Query:
    """Finds the words of ``text`` next to each other; text without a word finds nothing."""
    return {"tokenized_phrase": {"field": field, "phrase": text.replace(SEPARATOR, " ")}}


def any_of(texts: tuple[str, ...], field: str) -> Query:
    """Finds one or more of the texts."""
    distinct = {text.casefold(): text for text in texts}
    return {"boolean": {"should": [phrase(text, field) for text in distinct.values()]}}


def matching(keywords: Keywords, field: str) -> Query:
    """Finds what the keywords say; they must have a positive entry."""
    must = [phrase(text, field) for text in dict.fromkeys(keywords.must_all)]
    if keywords.must_any:
        must.append(any_of(keywords.must_any, field))
    query: Query = {"boolean": {"must": must}}
    if keywords.must_not:
        query["boolean"]["must_not"] = [any_of(keywords.must_not, field)]
    return query


def unscored(query: Query) -> Query:
    """The same rows, without a say in their order."""
    return {"const_score": {"query": query, "score": 0.0}}


def as_json(query: Query) -> str:
    """What pg_search reads a query object from."""
    return orjson.dumps(query).decode()
