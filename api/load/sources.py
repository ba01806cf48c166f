"""Users' files as they lie on disk: what format they have, decompressed with bounds."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import pyarrow as pa

from api.errors import DomainError, ErrorCode

# A line longer than any row may be is dropped without being held: one of 16 columns at most has the
# megabyte of a long cell.
LINE_BYTES_MAX = 16 * 1024 * 1024
# Text seldom shrinks to less than a twentieth. What grows a hundredfold, and is large, was made to.
EXPANSION_MAX = 200
EXPANSION_ALLOWED_BYTES = 1024 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_MAGIC_BYTES = 4096


class Format(Enum):
    """What rows are written in."""

    CSV = "CSV"
    JSON_LINES = "JSON lines"
    PARQUET = "Parquet"


_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_PARQUET_MAGIC = b"PAR1"
_FORMATS = {
    ".csv": Format.CSV,
    ".json": Format.JSON_LINES,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
}


def unreadable(path: Path, why: str) -> DomainError:
    """The failure of a file that is not what it should be, or cannot be read to its end."""
    return DomainError(
        ErrorCode.INVALID_INPUT, f"{path.name} cannot be read: {why}. Nothing of it was loaded."
    )


class Source:
    """One file. Name and content must agree on the format; without a known name, content decides.

    Everything raises ``invalid_input`` for a file that is missing, empty (JSON lines may be), not
    what its name says, cut short, or blown up.
    """

    def __init__(self, path: Path):
        self.path = path
        with self._reading():
            self._compressed_bytes = path.stat().st_size
            with path.open("rb") as file:
                magic = file.read(4)
            self._compression = self._detect_compression(magic)
            self.format = self._detect_format()

    def lines(self) -> Iterator[bytes | None]:
        r"""Lines with their ends (``\n``); ``None`` for one that is too long to be a row."""
        rest: list[bytes] = []
        held = 0
        for chunk in self._chunks():
            first, *others = chunk.split(b"\n")
            rest.append(first)
            held += len(first)
            if others:
                yield b"".join(rest) + b"\n" if held <= LINE_BYTES_MAX else None
                for line in others[:-1]:
                    yield line + b"\n"
                rest, held = [others[-1]], len(others[-1])
            elif held > LINE_BYTES_MAX:
                rest.clear()
        if held:
            yield b"".join(rest) if held <= LINE_BYTES_MAX else None

    @contextmanager
    def seekable(self) -> Iterator[Path]:
        """The decompressed file on disk, for formats that are read from the end."""
        if self._compression is None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(suffix=".parquet") as plain:
            with self._reading():
                for chunk in self._chunks():
                    plain.write(chunk)
                plain.flush()
            yield Path(plain.name)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise unreadable(self.path, "there is no such file") from None
        except IsADirectoryError:
            raise unreadable(self.path, "it is a folder") from None
        except PermissionError:
            raise unreadable(self.path, "reading it is not permitted") from None
        except (pa.ArrowException, OSError) as error:
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            why = "there is no space to unpack it" if full else "it is damaged or cut short"
            raise unreadable(self.path, why) from error

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        allowed = max(EXPANSION_ALLOWED_BYTES, EXPANSION_MAX * self._compressed_bytes)
        with (
            self._reading(),
            pa.input_stream(str(self.path), compression=self._compression) as stream,
        ):
            while chunk := stream.read(_CHUNK_BYTES):
                total += len(chunk)
                if self._compression is not None and total > allowed:
                    raise unreadable(
                        self.path, f"it unpacks to more than {EXPANSION_MAX} times its size"
                    )
                yield chunk

    def _detect_compression(self, magic: bytes) -> str | None:
        named = _COMPRESSIONS.get(self.path.suffix.lower())
        for compression, signature in _MAGIC.items():
            if magic.startswith(signature):
                return compression
        if named is not None:
            raise unreadable(self.path, f"it is not {named}-compressed, as its name says")
        return None

    def _detect_format(self) -> Format:
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        if suffixes and suffixes[-1] in _COMPRESSIONS:
            suffixes.pop()
        named = _FORMATS.get(suffixes[-1]) if suffixes else None
        head = b""
        for chunk in self._chunks():
            head += chunk[:_MAGIC_BYTES]
            break
        if head.startswith(_PARQUET_MAGIC):
            return Format.PARQUET
        if named is Format.PARQUET:
            raise unreadable(self.path, "it is not a Parquet file")
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if named is None:
            named = Format.JSON_LINES if text.startswith(b"{") else Format.CSV
        if named is Format.JSON_LINES and text.startswith(b"["):
            raise unreadable(self.path, "it is one JSON list; one object a line is needed")
        if named is Format.CSV and not text:
            raise unreadable(self.path, "it is empty; its first line must name the columns")
        return named
