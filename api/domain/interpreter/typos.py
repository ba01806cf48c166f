"""Mistyped words: "insurence agencies in Nevda". Only where one correction alone can be meant.

A word that is in an English dictionary, in ours, or in the name of a place is never touched, so no
correction crosses from one sense into another.
"""

from collections.abc import Container, Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

from api.domain.company.places import cities, fold, states_by_name, words_of_places
from api.domain.interpreter.lexer import Word, canonical, fold_word
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import vocabulary, wording
from api.domain.person.roles import role_book

# Shorter words are too close to each other.
_LETTERS_MIN = 4
_LETTERS_OF_TWO_ERRORS = 8
_LETTERS_MAX = 24
# Rarer entries of the word list are misprints of its sources.
_FREQUENCY_MIN = 60
_SIZEABLE_POPULATION = 100_000
_CORRECTIONS_MAX = 5


def correct_typos(reading: Reading, protected: Container[int] = ()) -> None:
    """Replaces mistyped words that no rule has used, and says so; never ``protected`` ones."""
    corrections = 0
    for position, word in enumerate(reading.words):
        if (
            not reading.is_free(position)
            or position in protected
            or corrections == _CORRECTIONS_MAX
        ):
            continue
        text = word.fold
        if not (_LETTERS_MIN <= len(text) <= _LETTERS_MAX and text.isascii() and text.isalpha()):
            continue
        # "CSOs" is an abbreviation, and as it should be.
        if sum(letter.isupper() for letter in word.text) > 1 and not reading.is_shouting:
            continue
        found = correction(text)
        if found is None or found == text:
            continue
        corrections += 1
        shown = found.capitalize() if word.is_capital else found
        reading.warnings.append(f'"{word.text}" was read as "{shown}".')
        stem = canonical(fold_word(found), role_book().spelling)
        reading.replace(position, Word(shown, fold_word(found), stem, word.before, word.number))


@lru_cache(maxsize=10_000)
def correction(word: str) -> str | None:
    """The one known word that a folded word can be a misprint of, ``None`` when there is none."""
    if word in _english() or word in _known_forms() or _stem(word) in _known_stems():
        return None
    allowed = 2 if len(word) >= _LETTERS_OF_TWO_ERRORS else 1
    best: dict[str, int] = {}
    for length in range(len(word) - allowed, len(word) + allowed + 1):
        for candidate in _targets().get((word[0], length), ()):
            distance = OSA.distance(word, candidate, score_cutoff=allowed)
            if distance <= allowed:
                best[candidate] = distance
    if not best:
        return None
    least = min(best.values())
    nearest = [candidate for candidate, distance in best.items() if distance == least]
    # "lawer" may be "lawyer" or "lawyers", but never one of two different words; a letter that was
    # left out is the commonest slip, so "breweris" is "breweries" and not "brewers".
    if len({_stem(candidate) for candidate in nearest}) > 1:
        nearest = [candidate for candidate in nearest if len(candidate) > len(word)]
    if len({_stem(candidate) for candidate in nearest}) != 1:
        return None
    return nearest[0]


def is_english(word: str) -> bool:
    """Whether a folded word is in the English dictionary."""
    return word in _english()


def _stem(word: str) -> str:
    return canonical(word, role_book().spelling)


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    entries: Mapping[str, int] = SpellChecker(language="en").word_frequency.dictionary
    return frozenset(word for word, count in entries.items() if count >= _FREQUENCY_MIN)


@lru_cache(maxsize=1)
def _known_stems() -> frozenset[str]:
    return vocabulary().all_words


@lru_cache(maxsize=1)
def _known_forms() -> frozenset[str]:
    """Words that are right as they are: abbreviations, and the words of all names of places."""
    places = {word for city in cities() for word in fold(city.name).split()}
    return frozenset(
        {"sic", "naics", *role_book().ambiguous, *role_book().spelling, *words_of_places(), *places}
    )


@lru_cache(maxsize=1)
def _targets() -> Mapping[tuple[str, int], tuple[str, ...]]:
    """What can be meant, by first letter and length: our words with their plurals, and places."""
    words = {word for word in vocabulary().all_words - wording().uncorrectable if word.isalpha()}
    nouns = vocabulary().dictionary_words | wording().companies | wording().people
    words |= {plural(word) for word in words & nouns}
    for name in states_by_name():
        words.update(name.split())
    for city in cities():
        if city.population >= _SIZEABLE_POPULATION:
            words.update(fold(city.name).split())
    found: dict[tuple[str, int], list[str]] = {}
    for word in sorted(words):
        if len(word) >= _LETTERS_MIN:
            found.setdefault((word[0], len(word)), []).append(word)
    return {key: tuple(entries) for key, entries in found.items()}


def plural(word: str) -> str:
    """The plural of an English noun, well enough to recognise one that is mistyped."""
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
