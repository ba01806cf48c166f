"""Sentences in which people tell of themselves: "We sell software to law firms. Find me …".

Who asks a question in several sentences says why, and the why names companies and places too. Only
what is asked for is searched, and the reading says what was passed over.
"""

from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import wording

BACKGROUND_RULE = "background"

_SENTENCE_ENDS = frozenset(".!?;\n")
_SELF = frozenset({"i", "we", "our", "my", "im", "were", "ive", "weve", "us", "hi", "hello", "hey"})
_SHOWN_CHARS = 60


def read_background(reading: Reading) -> None:
    """Takes the words about the asker, if the text asks for something elsewhere."""
    sentences = _sentences(reading)
    asking = [_asks_at(reading, start, stop) for start, stop in sentences]
    if any(at is not None for at in asking):
        for (start, stop), at in zip(sentences, asking, strict=True):
            if at is None and len(sentences) > 1 and _is_about_self(reading, start, stop):
                _pass_over(reading, start, stop)
            elif at is not None and at > start + 1 and _is_about_self(reading, start, at):
                _pass_over(reading, start, at)
    for position in range(1, len(reading.words)):
        length = reading.starts_with(wording().purposes, position)
        if position not in reading.quoted and length and reading.is_free(position):
            stop = next(end for start, end in sentences if start <= position < end)
            if not reading.starts_with(wording().asking_again, position + length):
                _pass_over(reading, position, stop)


def _sentences(reading: Reading) -> list[tuple[int, int]]:
    found, start = [], 0
    for position in range(1, len(reading.words)):
        marks = set(reading.words[position].before) & _SENTENCE_ENDS
        # "St. Louis", "Dir. of IT" and "Sr. Dir. Mktg" are no ends of sentences.
        short = marks == {"."} and (
            len(reading.words[position - 1].text) <= 4 or not reading.words[position].is_capital
        )
        if marks and not short:
            found.append((start, position))
            start = position
    if reading.words:
        found.append((start, len(reading.words)))
    return found


def _asks_at(reading: Reading, start: int, stop: int) -> int | None:
    """Where a sentence begins to ask, ``None`` when it does not."""
    for position in range(start, stop):
        length = reading.starts_with(wording().requests, position)
        if not length or position in reading.quoted:
            continue
        # "Can you build me a list?" asks for what was said before it.
        asked = reading.stems[position + length : stop]
        if any(stem not in wording().fillers for stem in asked):
            return position
    return None


def _is_about_self(reading: Reading, start: int, stop: int) -> bool:
    opening = [at for at in range(start, min(start + 3, stop)) if at not in reading.quoted]
    content = [stem for stem in reading.stems[start:stop] if stem not in wording().fillers]
    return bool(content) and any(reading.words[at].fold in _SELF for at in opening)


def _pass_over(reading: Reading, start: int, stop: int) -> None:
    content = [
        word.text
        for word, rule in zip(reading.words[start:stop], reading.rules[start:stop], strict=True)
        if rule is None and word.stem not in wording().fillers
    ]
    reading.take(start, stop, BACKGROUND_RULE)
    if content:
        shown = " ".join(word.text for word in reading.words[start:stop])[:_SHOWN_CHARS]
        reading.warnings.append(f'Read as background, not searched: "{shown}".')
