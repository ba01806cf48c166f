"""The state of one reading: which word of a query has been used by which rule."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from api.domain.interpreter.lexer import PhraseSet, PhraseTable, Word, words_of
from api.domain.person.roles import role_book

# A word that a rule has understood and that cannot be applied; it is reported as unparsed.
UNUSED = "unused"
# Longer than any phrase of the dictionaries, so that a look-up costs the same in a long text.
PHRASE_WORDS_MAX = 10
_HARD_BREAKS = frozenset(";.!?<>")
QUOTATION_MARKS = frozenset('"“”„«»')


@dataclass(slots=True)
class Reading:
    """The words of a query, the rule that consumed each (``None``: nothing yet), and the doubts.

    ``quotations`` are the spans in quotation marks, ``quoted`` marks the words in them.
    ``negated`` marks the words that an exclusion reaches; ``is_shouting`` says that the text is all
    in capitals, ``is_title_case`` that most words begin with one, so that they tell nothing.
    """

    words: tuple[Word, ...]
    tail: str
    stems: list[str] = field(default_factory=list)
    rules: list[str | None] = field(default_factory=list)
    negated: list[bool] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    quotations: tuple[tuple[int, int], ...] = ()
    quoted: frozenset[int] = frozenset()
    is_shouting: bool = False
    is_title_case: bool = False

    @classmethod
    def of(cls, text: str) -> "Reading":
        """A reading of a text in which no word is used yet."""
        words, tail = words_of(text, role_book().spelling)
        quotations = tuple(_quotations(words, tail))
        shouting = not any(character.islower() for word in words for character in word.text)
        return cls(
            words,
            tail,
            [word.stem for word in words],
            [None] * len(words),
            [False] * len(words),
            quotations=quotations,
            quoted=frozenset(at for start, stop in quotations for at in range(start, stop)),
            is_shouting=shouting,
            is_title_case=len(words) > 2
            and all(word.is_capital for word in words if len(word.text) > 3),
        )

    def replace(self, position: int, word: Word) -> None:
        """Puts another word where a mistyped one stood."""
        self.words = (*self.words[:position], word, *self.words[position + 1 :])
        self.stems[position] = word.stem

    def take(self, start: int, stop: int, rule: str) -> None:
        """Marks words as consumed by a rule; a word that was taken before keeps its rule."""
        for position in range(start, stop):
            if self.rules[position] is None:
                self.rules[position] = rule

    def is_free(self, position: int) -> bool:
        """Whether the position holds a word that no rule has consumed."""
        return 0 <= position < len(self.words) and self.rules[position] is None

    def is_aside(self, start: int, stop: int) -> bool:
        """Whether words stand in a sentence of their own beside one that other rules have used."""
        begin, end = start, stop
        while begin > 0 and _HARD_BREAKS.isdisjoint(self.words[begin].before):
            begin -= 1
        while end < len(self.words) and _HARD_BREAKS.isdisjoint(self.words[end].before):
            end += 1
        inside = any(rule is not None for rule in self.rules[begin:end])
        return not inside and any(rule is not None for rule in self.rules)

    def stem(self, position: int) -> str:
        """The canonical word at a position, empty outside of the text."""
        return self.stems[position] if 0 <= position < len(self.words) else ""

    def gap(self, position: int) -> str:
        """The punctuation before a position; after the last word for the end of the text."""
        return self.words[position].before if position < len(self.words) else self.tail

    def end_of_phrase(self, start: int) -> int:
        """The position before which a phrase from ``start`` ends: at a comma or a consumed word."""
        stop = min(start + PHRASE_WORDS_MAX, len(self.words))
        for position in range(start + 1, stop):
            if self.rules[position] is not None or self.words[position].breaks:
                return position
        return stop

    def match[T](self, table: PhraseTable[T], start: int) -> tuple[int, T] | None:
        """The longest phrase of free words from ``start``, with its length."""
        if not (self.is_free(start) and table.begins_with(self.stems[start])):
            return None
        return table.longest(self.stems, start, self.end_of_phrase(start))

    def starts_with(self, phrases: PhraseSet, start: int) -> int:
        """Length of the longest of the phrases that stands at ``start``, 0 when none does."""
        return phrases.length_from(self.stems, start)

    def ends_with(self, phrases: PhraseSet, stop: int) -> int:
        """Length of the longest of the phrases that ends right before ``stop``, else 0."""
        return phrases.length_to(self.stems, stop)


def _quotations(words: tuple[Word, ...], tail: str) -> Iterator[tuple[int, int]]:
    """Where quotation marks open and close; one that never closes opens nothing."""
    opened: int | None = None
    for position, gap in enumerate((*(word.before for word in words), tail)):
        for mark in gap:
            if mark not in QUOTATION_MARKS:
                continue
            if opened is None:
                opened = position
            else:
                if position > opened:
                    yield opened, position
                opened = None
