"""Organisation rows on their way into the store: checked, normalised, their vectors looked at."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.domain.organisation.embedder import (
    EmbeddingModel,
    Vectors,
    embedded_text,
    embedding_hash,
    normalised,
)
from api.load.batches import LISTS_OF_NUMBERS, LISTS_OF_TEXT, RawBatch
from api.load.columns import (
    EMBEDDING,
    ORGANISATION_COLUMNS,
    SUMMARY_KEYWORD_CHARS_MAX,
    SUMMARY_KEYWORDS,
    Reason,
)
from api.load.companies import checked_domains
from api.load.organisations_of_companies import OF_COMPANIES, name_places, with_company_columns
from api.load.values import Verdicts, by_distinct_value, checked_text, clean_keywords

STORED = (*(column.name for column in ORGANISATION_COLUMNS), SUMMARY_KEYWORDS, EMBEDDING)
WANTED = (*STORED, *OF_COMPANIES)
NEEDED = (("domain",), ("name",))
EMBEDDING_HASH = "embedding_hash"

_DEGREES = r"^[+-]?[0-9]{1,3}(?:\.[0-9]+)?$"
# Vectors are kept as halves, which end at 65,504; far shorter ones have no direction left either.
_COMPONENT_MAX = 1e15
_LENGTH_MIN = 1e-15


def organisation_batch(raw: RawBatch, verdicts: Verdicts, model: EmbeddingModel) -> pa.RecordBatch:
    """The store's columns of a batch; rows that ``verdicts`` rejects have to be left out.

    ``embedding`` is null where the file has none; then ``embedding_hash`` names the vector that is
    to be computed.
    """
    nothing = pa.nulls(len(raw), pa.string())
    given = with_company_columns(raw, verdicts)
    columns: dict[str, pa.Array] = {
        column.name: checked_text(given.get(column.name, nothing), column, verdicts)
        for column in ORGANISATION_COLUMNS
    }
    name_places(columns)
    columns["domain"] = checked_domains(columns["domain"], "domain", verdicts)
    for name, most in (("lat", 90.0), ("lon", 180.0)):
        columns[name] = _degrees(columns[name], most, name, verdicts)
    columns["company_register_date"] = _dates(
        columns["company_register_date"], "company_register_date", _day, pa.date32(), verdicts
    )
    for name in ("created_at", "updated_at"):
        columns[name] = _dates(columns[name], name, _moment, pa.timestamp("us", "UTC"), verdicts)
    columns[SUMMARY_KEYWORDS] = _keywords(given.get(SUMMARY_KEYWORDS), len(raw), verdicts)
    columns[EMBEDDING] = _vectors(raw, model, verdicts)
    columns[EMBEDDING_HASH] = _hashes(columns, model)
    return pa.RecordBatch.from_pydict(columns)


def _keywords(given: pa.Array | None, rows: int, verdicts: Verdicts) -> pa.Array:
    if given is None:
        given = pa.nulls(rows, LISTS_OF_TEXT)
    keywords = clean_keywords(given, verdicts, SUMMARY_KEYWORDS)
    words = pc.list_flatten(keywords)
    long = pc.greater(pc.utf8_length(words), SUMMARY_KEYWORD_CHARS_MAX)
    too_long = np.zeros(rows, bool)
    too_long[pc.list_parent_indices(keywords).filter(long).to_numpy()] = True
    verdicts.reject(pa.array(too_long), Reason.TOO_LONG, SUMMARY_KEYWORDS)
    return keywords


def _degrees(text: pa.Array, most: float, column: str, verdicts: Verdicts) -> pa.Array:
    """Degrees from ``-most`` to ``most``."""
    good = pc.match_substring_regex(text, _DEGREES)
    numbers = pc.cast(pc.if_else(good, text, pa.scalar(None, pa.string())), pa.float64())
    inside = pc.less_equal(pc.abs(numbers), most)
    verdicts.reject(
        pc.invert(pc.fill_null(pc.and_(good, inside), pc.is_null(text))), Reason.BAD_NUMBER, column
    )
    return numbers


def _dates(
    text: pa.Array,
    column: str,
    read: Callable[[str], date | None],
    kind: pa.DataType,
    verdicts: Verdicts,
) -> pa.Array:
    dates = by_distinct_value(text, read, kind)
    verdicts.reject(pc.and_(pc.is_valid(text), pc.is_null(dates)), Reason.BAD_DATE, column)
    return dates


def _day(text: str) -> date | None:
    """``2024-02-29``; a time that follows is left away."""
    moment = _moment(text)
    return moment.date() if moment else None


def _moment(text: str) -> datetime | None:
    """A date and perhaps a time as in ISO 8601; without an offset it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _vectors(raw: RawBatch, model: EmbeddingModel, verdicts: Verdicts) -> pa.Array:
    """The vectors of a file, scaled to length 1: only their direction counts."""
    given = raw.columns.get(EMBEDDING)
    if given is None or given.null_count == len(given):
        return pa.nulls(len(raw), LISTS_OF_NUMBERS)
    filled = pc.is_valid(given).to_numpy(zero_copy_only=False)
    long = pc.equal(pc.list_value_length(given), model.dimension)
    good = pc.fill_null(long, False).to_numpy(zero_copy_only=False).copy()
    values = pc.fill_null(pc.list_flatten(given.filter(pa.array(good))), np.nan)
    vectors: Vectors = values.to_numpy().reshape(-1, model.dimension)
    usable = (np.abs(vectors) < _COMPONENT_MAX).all(axis=1)
    usable &= np.linalg.norm(np.where(usable[:, None], vectors, 0), axis=1) > _LENGTH_MIN
    good[good] = usable
    verdicts.reject(pa.array(filled & ~good), Reason.BAD_EMBEDDING, EMBEDDING)
    kept = normalised(vectors[usable])
    offsets = np.concatenate(([0], np.cumsum(good * model.dimension))).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(kept.ravel(), pa.float32()), mask=pa.array(~good)
    )


def _hashes(columns: dict[str, pa.Array], model: EmbeddingModel) -> pa.Array:
    """What names the vector of each row that has none."""
    missing = pc.is_null(columns[EMBEDDING])
    hashes = [
        embedding_hash(model, embedded_text(*parts)) if is_missing and parts[0] else None
        for is_missing, *parts in zip(
            missing.to_pylist(),
            columns["name"].to_pylist(),
            columns["summary"].to_pylist(),
            columns[SUMMARY_KEYWORDS].to_pylist(),
            columns["text"].to_pylist(),
            strict=True,
        )
    ]
    return pa.array(hashes, pa.binary())
