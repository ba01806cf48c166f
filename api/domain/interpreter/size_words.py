"""How large companies are, in words: "small law firms", "SMBs", "enterprise companies"."""

from functools import lru_cache

from api.domain.interpreter.quantities import SIZE_RULE, Range
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import wording

# Where "small", "small and medium" end and "large" begins, by head count.
SMALL_MAX = 49
SMALL_OR_MEDIUM_MAX = 249
LARGE_MIN = 1_000


def read_size_words(reading: Reading, found: Range) -> None:
    """Reads "small", "mid-sized" and "large", and warns what they mean; numbers say more."""
    known = wording()
    beginnings = _beginnings_of_size_words()
    candidates = [at for at, stem in enumerate(reading.stems) if stem in beginnings]
    for phrases, low, high, meaning in (
        (known.small_or_medium, None, SMALL_OR_MEDIUM_MAX, "fewer than 250 employees"),
        (known.small, None, SMALL_MAX, "fewer than 50 employees"),
        (known.medium, SMALL_MAX + 1, LARGE_MIN - 1, "50 to 999 employees"),
        (known.large, LARGE_MIN, None, "1,000 employees or more"),
    ):
        for position in candidates:
            length = reading.starts_with(phrases, position)
            if not length and phrases is known.large:
                length = int(_is_enterprise(reading, position))
            noun = phrases is known.small_or_medium
            stop = position + length
            describes = reading.is_free(stop) and not reading.words[stop].breaks
            if length and reading.is_free(position) and (noun or describes):
                if not found.is_set:
                    found.narrow(low, high)
                    typed = " ".join(
                        word.text for word in reading.words[position : position + length]
                    )
                    reading.warnings.append(f'"{typed}" was read as {meaning}.')
                reading.take(position, position + length, SIZE_RULE)
                return


@lru_cache(maxsize=1)
def _beginnings_of_size_words() -> frozenset[str]:
    known = wording()
    phrases = (known.small_or_medium, known.small, known.medium, known.large)
    return frozenset({"enterprise"}).union(*(each.beginnings for each in phrases))


def _is_enterprise(reading: Reading, position: int) -> bool:
    """Whether "enterprise" says how large companies are: "enterprise companies"."""
    return (
        reading.stem(position) == "enterprise"
        and reading.stem(position + 1)
        in {"company", "business", "firm", "organization", "employer"}
        and not reading.words[position + 1].breaks
    )
