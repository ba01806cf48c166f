"""What can go wrong, in ClickHouse's own terms: a code, a text, and the HTTP status of a code."""

import re

SYNTAX_ERROR = 62
UNKNOWN_SETTING = 115
BAD_ARGUMENTS = 36
NOT_IMPLEMENTED = 48
LOGICAL_ERROR = 49
UNKNOWN_COMPRESSION_METHOD = 89
TIMEOUT_EXCEEDED = 159
TOO_MANY_SIMULTANEOUS_QUERIES = 202
QUERY_IS_TOO_LARGE = 229
ABORTED = 236
CANNOT_DECOMPRESS = 271
SUPPORT_IS_DISABLED = 344
QUERY_WAS_CANCELLED = 394
ACCESS_DENIED = 497

# As ClickHouse's exceptionCodeToHTTPStatus, plus the query parameter codes 456 and 457 (its default
# of 500 would call a caller's mistake a failure of the server) and 202, which a caller may retry.
_BAD_REQUEST = (
    *(6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376),
    *(427, 441, 456, 457, 675, 676),
)
_NOT_FOUND = (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511)
_STATUS = (
    dict.fromkeys(_BAD_REQUEST, 400)
    | dict.fromkeys(_NOT_FOUND, 404)
    | {
        ACCESS_DENIED: 403,
        TIMEOUT_EXCEEDED: 408,
        QUERY_IS_TOO_LARGE: 413,
        UNKNOWN_COMPRESSION_METHOD: 415,
        NOT_IMPLEMENTED: 501,
        TOO_MANY_SIMULTANEOUS_QUERIES: 503,
        ABORTED: 503,
        76: 503,
        209: 503,
        439: 503,
    }
)

# chDB puts words of its own in front, and repeats the start when an exception passed two layers.
_ENGINE_TEXT = re.compile(
    r"(?P<start>Code: (?P<code>\d+)\. DB::Exception: )(?:(?P=start))*(?P<message>.*)", re.DOTALL
)


class QueryError(Exception):
    """A refused or failed query: ClickHouse's error code and the text that goes to the client."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> int:
        """The HTTP status a ClickHouse server would answer with."""
        return _STATUS.get(self.code, 500)


def query_error(code: int, name: str, message: str) -> QueryError:
    """An error of this process, in the words a ClickHouse server uses for its own."""
    return QueryError(code, f"Code: {code}. DB::Exception: {message}. ({name})")


def engine_error(error: Exception) -> QueryError:
    """The engine's exception as it would have come from a server: chDB's own prefixes removed."""
    match = _ENGINE_TEXT.search(str(error))
    if match is None:
        return query_error(LOGICAL_ERROR, "LOGICAL_ERROR", str(error))
    return QueryError(int(match["code"]), match["start"] + match["message"].strip())
