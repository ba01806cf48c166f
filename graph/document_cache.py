"""Documents that were prepared before, bounded by what they weigh.

What one caller sends cannot push out what others repeat: a document is kept from the second time
on, so that any number of documents sent once leaves everything in its place. Faulty ones are not
kept at all.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

KEPT_BYTES_MAX = 64 * 1024 * 1024
# The parsed form of a word or sign, with what validation and plans add to it.
BYTES_PER_TOKEN = 2_000
# Digests of texts that were seen once, 16 bytes each.
SEEN_ONCE_MAX = 4_096


class DocumentCache[T]:
    """Prepared documents by their text; the least recently used go first."""

    def __init__(self, weight_of: Callable[[str, T], int], bytes_max: int = KEPT_BYTES_MAX) -> None:
        """``weight_of`` tells the bytes that a document occupies."""
        self._weight_of = weight_of
        self._bytes_max = bytes_max
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._seen_once: OrderedDict[bytes, None] = OrderedDict()
        self.weight = 0
        """Bytes of all that is kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, text: str) -> T | None:
        """The prepared document of a text, if it is kept."""
        found = self._kept.get(text)
        if found is None:
            return None
        self._kept.move_to_end(text)
        return found[0]

    def offer(self, text: str, prepared: T) -> bool:
        """Keeps a document the second time that it is offered; whether it did."""
        if not self._seen_before(text):
            return False
        weight = self._weight_of(text, prepared)
        # One that takes a large part of the whole is worth less than what it would push out.
        if weight > self._bytes_max // 8 or text in self._kept:
            return False
        self._kept[text] = (prepared, weight)
        self.weight += weight
        while self.weight > self._bytes_max:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.weight -= dropped
        return True

    def _seen_before(self, text: str) -> bool:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if self._seen_once.pop(digest, False) is None:
            return True
        self._seen_once[digest] = None
        if len(self._seen_once) > SEEN_ONCE_MAX:
            self._seen_once.popitem(last=False)
        return False
