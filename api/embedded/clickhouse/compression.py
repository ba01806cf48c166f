"""Bodies with a Content-Encoding, decompressed piece by piece.

clickhouse-connect compresses every block on its own, so a body is a row of frames.
"""

import sys
import zlib
from collections.abc import Callable
from typing import Any

import lz4.frame  # type: ignore[import-untyped]

from api.embedded.clickhouse.errors import (
    CANNOT_DECOMPRESS,
    UNKNOWN_COMPRESSION_METHOD,
    query_error,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Decoder:
    """Decompresses one body; without an encoding, passes it through."""

    def __init__(self, encoding: str):
        """Raises error 89 for an encoding this process does not read."""
        if encoding not in _FRAMES:
            raise query_error(
                UNKNOWN_COMPRESSION_METHOD,
                "UNKNOWN_COMPRESSION_METHOD",
                f"Content-Encoding must be one of {', '.join(filter(None, _FRAMES))}",
            )
        self._new_frame = _FRAMES[encoding]
        self._frame: Any = None

    def feed(self, data: bytes) -> bytes:
        """The plain text of the next piece; raises error 271 for data in another encoding."""
        if self._new_frame is None:
            return data
        plain: list[bytes] = []
        try:
            while data:
                if self._frame is None:
                    self._frame = self._new_frame()
                plain.append(self._frame.decompress(data))
                data = b""
                if self._frame.eof:
                    data, self._frame = self._frame.unused_data or b"", None
        except (RuntimeError, zlib.error, zstd.ZstdError) as error:
            raise query_error(CANNOT_DECOMPRESS, "CANNOT_DECOMPRESS", str(error)) from error
        return b"".join(plain)

    def finish(self) -> None:
        """Raises error 271 when the body ended within a frame."""
        if self._frame is not None:
            raise query_error(CANNOT_DECOMPRESS, "CANNOT_DECOMPRESS", "The body is cut short")


_FRAMES: dict[str, Callable[[], Any] | None] = {
    "": None,
    "identity": None,
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "zstd": zstd.ZstdDecompressor,
    "gzip": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    "deflate": zlib.decompressobj,
}
