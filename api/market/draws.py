"""Random numbers that are addressed instead of drawn in turn.

Every number is a hash of (seed, purpose, row), so a value depends on nothing but its own place: not
on the order of work, the size of a chunk, the number of cores or the release of a library.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

type Rows = NDArray[np.uint64]
type Ints = NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)


class Draws:
    """The random numbers of one seed (any integer).

    ``purpose`` names what is drawn ("company.city"): two purposes are independent of each other.
    ``rows`` are the row numbers for which to draw, an array of uint64.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, purpose: str, rows: Rows) -> NDArray[np.uint64]:
        """64 random bits a row (SplitMix64 of the row number under a key of seed and purpose)."""
        digest = blake2b(f"{self._seed}/{purpose}".encode(), digest_size=8).digest()
        mixed = rows * _STEP
        mixed += np.uint64(int.from_bytes(digest, "big"))
        mixed ^= mixed >> np.uint64(30)
        mixed *= _MIX_1
        mixed ^= mixed >> np.uint64(27)
        mixed *= _MIX_2
        mixed ^= mixed >> np.uint64(31)
        return mixed

    def below(self, purpose: str, rows: Rows, bound: int | Ints) -> Ints:
        """A number from 0 to ``bound`` - 1 a row; ``bound`` (1 to 2**31) is one or one a row."""
        high = self.bits(purpose, rows)
        high >>= _HALF
        high *= np.asarray(bound, dtype=np.uint64)
        high >>= _HALF
        return high.view(np.int64)

    def chance(
        self, purpose: str, rows: Rows, share: float | NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """True for about ``share`` (0 to 1) of the rows; ``share`` is one for all or one a row."""
        threshold = np.floor(np.asarray(share, dtype=np.float64) * 2.0**32).astype(np.uint64)
        return (self.bits(purpose, rows) >> _HALF) < threshold
