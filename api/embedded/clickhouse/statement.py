"""What can be told about a statement before it runs: by its text, and by the engine's parser."""

import re
from dataclasses import dataclass
from enum import IntEnum

from chdb.state.sqlitelike import Connection

from api.embedded.clickhouse.errors import SUPPORT_IS_DISABLED, SYNTAX_ERROR, query_error

# An INSERT in front of its rows must end within this; 64 KiB are some thousand column names.
INSERT_HEAD_BYTES_MAX = 64 * 1024
# The product sends a few hundred different texts; what varies is bound. Parsing one for its verdict
# takes 0.02 to 0.3 ms, as much as everything else around a query.
REMEMBERED_STATEMENTS_MAX = 1024
REMEMBERED_STATEMENT_CHARS_MAX = 16 * 1024

_IDENTIFIER = r"""(?:[A-Za-z_]\w*|`(?:[^`\\]|\\.|``)+`|"(?:[^"\\]|\\.|"")+")"""
_SETTING = r"\w+\s*=\s*(?:[\w.]+|'[^'\\]*')"
_INSERT = re.compile(
    (
        rf"\s*(?P<target>INSERT\s+INTO\s+(?:TABLE\s+)?{_IDENTIFIER}(?:\s*\.\s*{_IDENTIFIER})?"
        rf"(?:\s*\(\s*{_IDENTIFIER}(?:\s*,\s*{_IDENTIFIER})*\s*\))?)"
        rf"\s*(?P<clauses>(?:\bSETTINGS\s+{_SETTING}(?:\s*,\s*{_SETTING})*\s+)?\bFORMAT\s+\w+)"
        r"[ \t]*;?(?:\r?\n)?"
    ).encode(),
    re.IGNORECASE | re.ASCII,
)
_INSERT_START = re.compile(rb"\s*INSERT\s", re.IGNORECASE)
# Possessive, so that a text of nothing but comments is read once.
_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*\n|(?>/\*.*?\*/))*+(\w+)", re.DOTALL)
_SELECTS = frozenset({"SELECT", "WITH"})
_READS = _SELECTS | {"SHOW", "DESC", "DESCRIBE", "EXPLAIN", "EXISTS", "CHECK"}
_FORMAT_AT_END = re.compile(r"\bFORMAT\s+(\w+)[\s;]*\Z", re.IGNORECASE | re.ASCII)
_FORMAT_ANYWHERE = re.compile(r"\bFORMAT\s+\w", re.IGNORECASE | re.ASCII)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_FILE_CLAUSE = re.compile(r"\b(?:INFILE|OUTFILE)\b", re.IGNORECASE)

# Formats without a frame around the whole: the blocks in a row are the result.
_STREAMABLE = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"})


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT whose rows follow: ``INSERT INTO …``, its SETTINGS and FORMAT, the first rows."""

    target: str
    clauses: str
    rows: bytes


def decode_statement(text: bytes) -> str:
    """SQL as text; raises :class:`QueryError` when it is not UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise query_error(SYNTAX_ERROR, "SYNTAX_ERROR", "The query is not valid UTF-8") from None


def may_be_insert(head: bytes) -> bool:
    """Whether more of the text could show that it is an INSERT in front of its rows."""
    if len(head) > INSERT_HEAD_BYTES_MAX:
        return False
    return len(head) < len("INSERT INTO") or _INSERT_START.match(head) is not None


def split_insert(head: bytes, *, complete: bool) -> Insert | None:
    """The INSERT at the start of ``head``, if its rows follow in a named format.

    ``None`` for every other statement, and while ``head`` is not ``complete`` and ends too early.
    """
    match = _INSERT.match(head)
    if match is None or (not complete and match.end() == len(head)):
        return None
    return Insert(
        decode_statement(match["target"]), decode_statement(match["clauses"]), head[match.end() :]
    )


@dataclass(frozen=True, slots=True)
class Outline:
    """What the text of a statement shows; decides on lane, limits and sending, not on rights."""

    is_read: bool
    result_format: str
    # Whether the engine can give the result block by block, and the blocks may simply be joined.
    streamable: bool


def outline(sql: str, default_format: str) -> Outline:
    """Look at a statement; ``default_format`` is for one that names none."""
    first = _FIRST_WORD.match(sql)
    word = first[1].upper() if first else ""
    named = _FORMAT_AT_END.search(sql)
    result_format = named[1] if named else default_format
    sure = named is not None or _FORMAT_ANYWHERE.search(sql) is None
    return Outline(
        is_read=word in _READS,
        result_format=result_format,
        streamable=word in _SELECTS and sure and result_format in _STREAMABLE,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine's parser says of a text; ``refusal`` are the arguments of an error."""

    refusal: tuple[int, str, str] | None
    parses: bool
    changes_session: bool


class Admission:
    """Refuses what a server would; the engine runs texts as clickhouse-local does: several
    statements at once, and with files on disk.

    Shared by all sessions: what it remembers does not depend on them.
    """

    def __init__(self) -> None:
        self._known: dict[str, Verdict] = {}

    def verdict(self, sql: str, connection: Connection) -> Verdict:
        """The verdict on a text, asking the parser of ``connection`` the first time."""
        verdict = self._known.get(sql)
        if verdict is None:
            verdict = _judge(sql, connection)
            if len(sql) <= REMEMBERED_STATEMENT_CHARS_MAX:
                if len(self._known) >= REMEMBERED_STATEMENTS_MAX:
                    self._known.clear()
                self._known[sql] = verdict
        return verdict


class _Class(IntEnum):
    """chDB's ``query_class``, in ascending order of restriction."""

    READ_ONLY = 0
    MUTATING = 1
    MUTATING_GLOBAL = 2
    CONTROL = 3
    UNKNOWN = 4


def _judge(sql: str, connection: Connection) -> Verdict:
    # The wrapper lacks this method; chDB's own modules use the connection below it as well.
    report = connection._conn.classify_query(sql, "")
    count, statement_class = int(report["statement_count"]), int(report["query_class"])
    refusal = None
    if count > 1:
        refusal = (SYNTAX_ERROR, "SYNTAX_ERROR", "Multi-statements are not allowed")
    elif statement_class != _Class.READ_ONLY and _FILE_CLAUSE.search(_LITERAL.sub("''", sql)):
        refusal = (
            *(SUPPORT_IS_DISABLED, "SUPPORT_IS_DISABLED"),
            "INFILE and OUTFILE are not supported",
        )
    return Verdict(
        refusal=refusal,
        parses=count > 0,
        changes_session=statement_class > _Class.MUTATING,
    )
