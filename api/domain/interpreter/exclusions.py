"""What a query leaves out: "not in Texas", "excluding agencies", "anywhere but Nevada".

An exclusion turns the words after it into what must not apply, up to the end of its clause. The
other rules read those words as they read all others, and ask ``Reading.negated`` which side they
are on.
"""

from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.vocabulary import vocabulary, wording

EXCLUSION_RULE = "exclusion"

_LIST_WORDS = frozenset({"and", "or", "nor", "any"})
_LINKS = frozenset({"in", "at", "of", "from", "near", "for", "within", "across", "around"})
_AFTER_OTHER_BUT = frozenset(
    {"not", "no", "only", "with", "who", "that", "in", "at", "more", "less", "over", "under"}
)
_SHORT_REACH = frozenset({"non"})


def mark_exclusions(reading: Reading) -> list[tuple[int, int]]:
    """Marks the words that exclusions reach; the spans from the marker to the end of its reach."""
    spans = []
    position = 0
    while position < len(reading.words):
        length = _marker_at(reading, position)
        if not length:
            position += 1
            continue
        stop = _reach(reading, position + length)
        if stop > position + length:
            reading.take(position, position + length, EXCLUSION_RULE)
            for inner in range(position + length, stop):
                reading.negated[inner] = True
            spans.append((position, stop))
        position = max(stop, position + length)
    return spans


def _marker_at(reading: Reading, position: int) -> int:
    """Length of the words of excluding at a position, 0 where there are none."""
    if not reading.is_free(position) or position in reading.quoted:
        return 0
    known, words = vocabulary(), wording()
    length = reading.starts_with(words.excluding, position)
    if not length:
        return _all_but(reading, position)
    bounds = (words.at_least, words.at_most, words.over)
    if any(reading.starts_with(phrases, position) for phrases in bounds):
        return 0
    # "Not-for-profits" and "outside sales reps" exclude nothing.
    for table in (known.industry_names, known.industry_adjectives):
        if reading.match(table, position):
            return 0
    return 0 if reading.match(known.roles, position) else length


def _all_but(reading: Reading, position: int) -> int:
    """Length of "but" where it takes from a whole: "any state but Texas"."""
    if reading.stem(position) != "but" or reading.stem(position + 1) in _AFTER_OTHER_BUT:
        return 0
    universal = wording().universal.beginnings
    return int(any(stem in universal for stem in reading.stems[max(0, position - 6) : position]))


def _reach(reading: Reading, start: int) -> int:
    """The position before which an exclusion ends."""
    stop = start
    content = False
    if reading.stem(start - 1) in _SHORT_REACH:
        return min(start + 2, len(reading.words)) if reading.is_free(start) else start
    while stop < len(reading.words):
        stem, word = reading.stem(stop), reading.words[stop]
        if stop in reading.quoted:
            stop, content = stop + 1, True
            continue
        if stop > start and word.breaks and not _goes_on(reading, stop):
            break
        if stem in wording().clause_starts and content:
            break
        before = reading.stem(stop - 1)
        within = stem == "of" and before in wording().place_endings
        if content and stem in _LINKS and before not in _LIST_WORDS and not within:
            break
        if content and reading.starts_with(wording().excluding, stop):
            break
        content = content or (stem not in wording().fillers and stem not in _LINKS)
        stop += 1
    while stop > start and reading.stem(stop - 1) in _LIST_WORDS:
        stop -= 1
    return stop


def _goes_on(reading: Reading, position: int) -> bool:
    """Whether a list goes on after a comma: "excluding Texas, Nevada and Idaho"."""
    if set(reading.words[position].before) - set(",/&+\"“”'.-"):
        return False
    if "." in reading.words[position].before:
        # "St. Louis" goes on, a sentence ends.
        return len(reading.words[position - 1].text) <= 2
    stem = reading.stem(position)
    ends = wording().clause_starts | _LINKS | wording().asking_verbs
    return stem not in ends and not reading.starts_with(wording().excluding, position)


def report_empty_exclusions(reading: Reading, spans: list[tuple[int, int]]) -> None:
    """Says which exclusions could not be applied, because nothing in their reach is known."""
    for start, stop in spans:
        inside = range(start, stop)
        if any(reading.rules[at] not in (None, UNUSED, EXCLUSION_RULE, "filler") for at in inside):
            continue
        typed = " ".join(word.text for word in reading.words[start:stop])
        reading.warnings.append(f'The exclusion "{typed}" is not understood and not applied.')
        for at in inside:
            if reading.rules[at] == EXCLUSION_RULE:
                reading.rules[at] = UNUSED
