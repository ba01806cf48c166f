"""Words that no rule knows, where they describe companies: "blockchain startups", "hedge funds"."""

from api.domain.interpreter.keywords import KEYWORD_RULE, KEYWORD_WORDS_MAX, Keywords, typed
from api.domain.interpreter.lexer import singular
from api.domain.interpreter.quantities import MULTIPLES
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.terms import INDUSTRY_RULE, ROLE_RULE
from api.domain.interpreter.typos import is_english
from api.domain.interpreter.vocabulary import wording

_WORDS_OF_A_THING_MAX = 3
_OWNERS = frozenset({"owner", "proprietor"})


def read_leftovers(reading: Reading, found: Keywords, *, companies: bool, narrow: bool) -> None:
    """Words that no rule knows, where they describe companies: "blockchain startups".

    In a search for companies (``companies``) they always do, unless an industry is named already
    and they stand apart from it; ``narrow`` says that something else restricts the search.
    """
    start = 0
    while start < len(reading.words):
        stop = start
        while _is_plain(reading, stop) and not (stop > start and reading.words[stop].breaks):
            if stop > start and _is_noun_for_companies(reading, stop):
                break
            stop += 1
        if stop == start:
            start += 1
            continue
        if stop == start + 1 and reading.stem(start) in wording().companies:
            # "Agencies" alone says nothing of them.
            start = stop
            continue
        whole = companies or reading.stem(start - 1) == "at"
        if (
            whole
            and _is_noun_for_companies(reading, stop)
            and reading.stem(stop) in wording().premises
        ):
            # "Pawn shops" are more than "pawn" says.
            stop += 1
        first = max(start, stop - KEYWORD_WORDS_MAX)
        if reading.is_aside(first, stop):
            start = stop
            continue
        noun = stop > 0 and reading.stem(stop - 1) in wording().premises
        at = not companies and _is_employer(reading, first, stop)
        if _describes(reading, first, stop) or at or (companies and (narrow or noun)):
            phrase = typed(reading, first, stop)
            found.add_guess(reading, first, stop, either=True)
            if _is_noun_for_companies(reading, stop):
                reading.take(stop, stop + 1, KEYWORD_RULE)
            if not reading.negated[first]:
                reading.warnings.append(
                    f'"{phrase}" is no known industry; it was looked for in the companies\' texts.'
                )
        elif reading.negated[first] and reading.stem(start - 1) != "not":
            found.add(reading, [(first, stop)])
        start = stop


def names_things(reading: Reading) -> bool:
    """Whether a text is just a few English words, the last in the plural: "hedge funds"."""
    words = [word for at, word in enumerate(reading.words) if reading.is_free(at)]
    asked = [word for word in words if word.stem not in wording().fillers]
    return (
        0 < len(asked) <= _WORDS_OF_A_THING_MAX
        and len(asked) == sum(map(is_english, (word.fold for word in asked)))
        and singular(asked[-1].fold) != asked[-1].fold
        and (len(asked) > 1 or asked[-1].stem not in wording().companies)
    )


def _is_employer(reading: Reading, start: int, stop: int) -> bool:
    """Whether words say at what kind of companies people are: "pastors at churches"."""
    last = reading.words[stop - 1].fold
    at = reading.stem(start - 1) == "at" and not reading.words[start].breaks
    return at and singular(last) != last and is_english(last)


def _is_plain(reading: Reading, position: int) -> bool:
    if not reading.is_free(position):
        return False
    word = reading.words[position]
    known = wording()
    # "Title companies" handle titles; "job title" is just asked for.
    describes = word.stem in known.describing and _is_noun_for_companies(reading, position + 1)
    return (
        len(word.text) > 1
        and word.number is None
        and word.stem not in MULTIPLES
        and (word.stem not in known.fillers or describes)
        and word.stem not in known.qualifiers
        and word.stem not in known.asking_verbs
        and word.stem not in known.clause_starts
    )


def _is_noun_for_companies(reading: Reading, position: int) -> bool:
    return (
        reading.is_free(position)
        and reading.stem(position) in wording().companies
        and not reading.words[position].breaks
    )


def _describes(reading: Reading, start: int, stop: int) -> bool:
    """Whether words stand right before a word for companies."""
    if stop >= len(reading.words) or reading.words[stop].breaks:
        return False
    stem = reading.stem(stop)
    if reading.rules[stop] == INDUSTRY_RULE:
        return True
    if reading.rules[stop] == ROLE_RULE and stem in _OWNERS:
        # "Bakery owners" own bakeries.
        return True
    return reading.rules[stop] is None and stem in wording().companies
