"""Words of free text, in the three forms in which the dictionaries know them.

A word is kept as typed, folded (lower-case, no accents) for names of places, and canonical
(abbreviations written out, singular) for phrases. Dictionary phrases pass through the same
function, so a query, a title and the dictionary agree by construction.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

# Accents that no letter comprises stay with the letter before them: "i̇", the small form of "İ".
_LETTERS = r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*"
_TOKEN = re.compile(
    r"(?P<number>(?<![^\W_])(?:\d{1,3}(?:,\d{3})+|\d+)(?![^\W_])"
    r"|(?<![^\W_])\d+(?=[kKmM](?![^\W_])))"
    r"(?P<scale>[kKmM](?![^\W_]))?"
    rf"|(?P<word>{_LETTERS}(?:['’]{_LETTERS})*|&)"
)
_INITIALS = re.compile(
    r"(?<![^\W_])(?:[^\W\d_]\.){2,}|(?<![^\W_])(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])"
)
_APOSTROPHES = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "´": "'", "`": "'", "‐": "-", "‑": "-"})
_SCALES = {"k": 1_000, "m": 1_000_000}
_PLURAL_KEEPS = ("ss", "us", "is")
_PLURAL_ES = ("ches", "shes", "sses", "xes", "zzes")
# "it's" is no department, and "its" is no plural of one.
_NO_PLURALS = frozenset(
    {"its", "as", "has", "was", "this", "yes", "saas", "sas", "ios", "aws", "cms"}
)


class Word(NamedTuple):
    """One word of a text: as typed, folded and canonical.

    ``before`` is the punctuation between the previous word and this one, without spaces;
    ``number`` is set for 50, 1,000 and 10k.
    """

    text: str
    fold: str
    stem: str
    before: str
    number: int | None = None

    @property
    def breaks(self) -> bool:
        """Whether the punctuation before it ends a phrase; a hyphen does not."""
        return bool(self.before) and not _JOINTS.issuperset(self.before)

    @property
    def is_capital(self) -> bool:
        """Whether it was typed with a capital first letter."""
        return self.text[:1].isupper()


_JOINTS = frozenset("-'\"“”")


def words_of(text: str, spelling: Mapping[str, str]) -> tuple[tuple[Word, ...], str]:
    """The words of a text in order, and the punctuation after the last one. Never raises."""
    clean = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    if "." in clean:
        clean = _INITIALS.sub(lambda match: match.group().replace(".", ""), clean)
    found: list[Word] = []
    end = 0
    for match in _TOKEN.finditer(clean):
        gap = clean[end : match.start()]
        before = "" if gap == " " else _punctuation(gap)
        if before == "." and found and found[-1].fold in spelling:
            # "Cust. Success": the dot belongs to the abbreviation.
            before = ""
        end = match.end()
        digits = match.group("number")
        if digits is not None:
            scale = _SCALES.get((match.group("scale") or "").lower(), 1)
            # Longer than any count that could be meant; and int() itself refuses 4,300 digits.
            number = int(digits.replace(",", "")) * scale if len(digits) <= 15 else None
            plain = match.group().lower()
            found.append(Word(match.group(), plain, plain, before, number))
        else:
            typed = match.group()
            folded = fold_word(typed)
            found.append(Word(typed, folded, canonical(folded, spelling), before))
    return tuple(found), "".join(clean[end:].split())


def _punctuation(gap: str) -> str:
    """The marks between two words; a hyphen with space around it is a dash."""
    marks = "".join(gap.split())
    return "–" if marks == "-" and gap[0].isspace() and gap[-1].isspace() else marks


@lru_cache(maxsize=20_000)
def fold_word(word: str) -> str:
    """Lower-case, without accents and without a possessive ending."""
    if not word.isascii():
        word = "".join(
            character
            for character in unicodedata.normalize("NFKD", word)
            if not unicodedata.combining(character)
        )
    word = word.casefold()
    if word == "it's":
        return "its"
    if word.endswith("'s"):
        word = word[:-2]
    return word.replace("'", "")


def canonical(word: str, spelling: Mapping[str, str]) -> str:
    """The canonical form of one folded word: abbreviation written out, singular."""
    if word == "&":
        return "and"
    written = spelling.get(word) or spelling.get(singular(word)) or word
    return singular(written)


@lru_cache(maxsize=20_000)
def singular(word: str) -> str:
    """The singular of an English word, well enough for both sides of a comparison to agree."""
    if len(word) > 4 and word.endswith("men"):
        return word[:-3] + "man"
    if len(word) < 3 or not word.endswith("s") or word.endswith(_PLURAL_KEEPS):
        return word
    if word in _NO_PLURALS:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(_PLURAL_ES):
        return word[:-2]
    return word[:-1]


def singular_phrase(typed: Sequence[str]) -> str:
    """Words as typed, the last one in the singular: "growth hackers" is "growth hacker"."""
    last = typed[-1]
    shorter = singular(last.lower())
    kept = last[: len(shorter)] if last.lower().startswith(shorter) else shorter
    return " ".join([*typed[:-1], kept])


def phrase_stems(phrase: str, spelling: Mapping[str, str]) -> tuple[str, ...]:
    """A dictionary phrase as canonical words."""
    return tuple(word.stem for word in words_of(phrase, spelling)[0])


class PhraseTable[T]:
    """Phrases of canonical words with what each stands for; finds the longest at a position."""

    def __init__(self, entries: Iterable[tuple[tuple[str, ...], T]]):
        """The first entry of a phrase wins."""
        self._values: dict[tuple[str, ...], T] = {}
        lengths: dict[str, set[int]] = {}
        for stems, value in entries:
            if stems and stems not in self._values:
                self._values[stems] = value
                lengths.setdefault(stems[0], set()).add(len(stems))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def longest(self, stems: Sequence[str], start: int, stop: int) -> tuple[int, T] | None:
        """Length and value of the longest phrase that begins at ``start`` and ends by ``stop``."""
        for length in self._lengths.get(stems[start], ()):
            if start + length <= stop:
                value = self._values.get(tuple(stems[start : start + length]))
                if value is not None:
                    return length, value
        return None

    @property
    def beginnings(self) -> frozenset[str]:
        """The first words of all phrases."""
        return frozenset(self._lengths)

    def begins_with(self, stem: str) -> bool:
        """Whether any phrase begins with this word."""
        return stem in self._lengths

    def get(self, stems: tuple[str, ...]) -> T | None:
        """What exactly this phrase stands for."""
        return self._values.get(stems)

    def __contains__(self, stems: object) -> bool:
        return stems in self._values


class PhraseSet:
    """Phrases of canonical words; tells whether one stands after or before a position."""

    def __init__(self, phrases: Iterable[tuple[str, ...]]):
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        self._by_last: dict[str, list[tuple[str, ...]]] = {}
        for phrase in sorted(phrases, key=len, reverse=True):
            self._by_first.setdefault(phrase[0], []).append(phrase)
            self._by_last.setdefault(phrase[-1], []).append(phrase)

    @property
    def beginnings(self) -> frozenset[str]:
        """The first words of all phrases."""
        return frozenset(self._by_first)

    def length_from(self, stems: Sequence[str], start: int) -> int:
        """Length of the longest of the phrases that stands at ``start``, 0 when none does."""
        if start < len(stems):
            for phrase in self._by_first.get(stems[start], ()):
                if tuple(stems[start : start + len(phrase)]) == phrase:
                    return len(phrase)
        return 0

    def length_to(self, stems: Sequence[str], stop: int) -> int:
        """Length of the longest of the phrases that ends right before ``stop``, else 0."""
        if stop > 0:
            for phrase in self._by_last.get(stems[stop - 1], ()):
                begin = stop - len(phrase)
                if begin >= 0 and tuple(stems[begin:stop]) == phrase:
                    return len(phrase)
        return 0
