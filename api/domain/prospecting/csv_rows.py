"""Records as CSV (RFC 4180), in the documented columns, safe to open in a spreadsheet (pure).

A cell that a spreadsheet would take for a formula gets an apostrophe before it. Phone numbers
(``+12085550123``) and plain numbers stay as they are. Line breaks and tabs within a value become
spaces, so that no line of the file begins inside a value.
"""

import re
from collections.abc import Iterable

from api.domain.prospecting.records import ProspectRecord, RecordCompany

_PERSON = tuple(name for name in ProspectRecord._fields if name != "company")
_COMPANY = tuple(
    name if name.startswith("company_") else f"company_{name}"
    for name in RecordCompany._fields
    if name != "company_id"
)
COLUMNS = ("prospect_id", *_PERSON, *_COMPANY)

_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
# Spaces of every kind before a trigger do not make it harmless, and full-width forms are the same
# to some programs.
_FORMULA = re.compile(r"[\s\u00a0\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]")
_HARMLESS = re.compile(r"\+[1-9][0-9]{6,14}|-?[0-9]+(?:\.[0-9]+)?")
_QUOTED = re.compile(r'[",;]|^\s|\s$')


def header() -> str:
    """The first line."""
    return ",".join(COLUMNS) + "\r\n"


def line(prospect_id: str, record: ProspectRecord) -> str:
    """The line of a record."""
    *person, company = record
    assert isinstance(company, RecordCompany)  # noqa: S101 - the last field of a record
    return ",".join(map(cell, (prospect_id, *person, *company[1:]))) + "\r\n"


def lines(records: Iterable[tuple[str, ProspectRecord]]) -> bytes:
    """The lines of several records."""
    return "".join(line(name, record) for name, record in records).encode()


def cell(value: str | int | None) -> str:
    """One value; what is unknown is empty."""
    if value is None:
        return ""
    text = _BREAKS.sub(" ", str(value))
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        text = f"'{text}"
    if _QUOTED.search(text):
        text = '"' + text.replace('"', '""') + '"'
    return text
