"""Kinds of companies in a text: "law firms", "manufacturers of medical devices", "in trucking"."""

from api.domain.interpreter.departments import NOTHING, Found
from api.domain.interpreter.exclusions import EXCLUSION_RULE
from api.domain.interpreter.lexer import singular
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import Vocabulary, vocabulary, wording

# Words for what companies do, before an industry: "that do roofing".
ACTIVITY_RULE = "activity"

_LIST = frozenset({"and", "or"})
_FIELDS = frozenset({"industry", "sector", "vertical"})


def industry_at(reading: Reading, position: int) -> Found:
    """The longest phrase from a position that names kinds of companies."""
    known = vocabulary()
    made = makers_of(reading, position)
    if made is not None:
        return made
    name = reading.match(known.industry_names, position)
    adjective = reading.match(known.industry_adjectives, position)
    if adjective is not None and (name is None or adjective[0] > name[0]):
        length, keys = adjective
        stop = position + length
        broken = stop < len(reading.words) and reading.words[stop].breaks
        if reading.is_free(stop) and reading.stem(stop) in wording().companies and not broken:
            return Found(_with_nouns(reading, stop) - position, keys)
        if _stands_for_companies(reading, position, stop, known):
            return Found(length, keys)
        return NOTHING
    if name is None:
        return NOTHING
    length, keys = name
    # "Commercial real estate brokerages": the end of the one begins the other.
    for start in range(position + 1, position + (adjective[0] if adjective else 0)):
        longer = reading.match(known.industry_names, start)
        if longer and adjective and start + longer[0] > position + adjective[0]:
            both = tuple(key for key in longer[1] if key in adjective[1])
            if both:
                return Found(start + longer[0] - position, both)
    # "Fashion boutiques" are boutiques: both words say the same.
    if adjective is not None and set(adjective[1]) & set(keys):
        again = reading.match(known.industry_names, position + adjective[0])
        if again is not None and set(again[1]) & set(adjective[1]):
            return Found(adjective[0] + again[0], again[1])
    # "dental office managers" manage offices of dentists.
    last = position + length - 1
    role = reading.match(known.roles, last) if length > 1 else None
    if role is not None and role[0] > 1:
        shorter = known.industry_adjectives.get(tuple(reading.stems[position:last]))
        if shorter is not None:
            return Found(length - 1, shorter)
    return Found(_with_nouns(reading, position + length) - position, keys)


def makers_of(reading: Reading, position: int) -> Found | None:
    """ "Manufacturers of medical devices" are medical device manufacturers."""
    known = vocabulary()
    if reading.stem(position) not in wording().makers or reading.stem(position + 1) != "of":
        return None
    linked = reading.stem(position - 1) in wording().company_links | {"all", "every"}
    if not linked and reading.match(known.roles, position) is not None:
        # "Publishers of magazines" are people.
        return None
    start = position + 2
    if not reading.is_free(start):
        return None
    maker = reading.stem(position)
    for stop in range(reading.end_of_phrase(start), start, -1):
        product = tuple(reading.stems[start:stop])
        keys = known.industry_names.get((*product, maker)) or known.industry_adjectives.get(product)
        if keys is not None:
            return Found(stop - position, keys)
    return None


def specialises(reading: Reading, position: int, industry: Found) -> bool:
    """Whether one industry in the singular stands right before another."""
    stop = position + industry.length
    if stop >= len(reading.words) or reading.words[stop].breaks or not reading.is_free(stop):
        return False
    last = reading.words[stop - 1].fold
    following = industry_at(reading, stop) if singular(last) == last else NOTHING
    return following.length > 0 and set(following.keys).isdisjoint(industry.keys)


def _with_nouns(reading: Reading, position: int) -> int:
    """The position after nouns that only repeat that companies are meant: "bank companies"."""
    while (
        reading.is_free(position)
        and reading.stem(position) in wording().companies
        and not reading.words[position].breaks
    ):
        position += 1
    return position


def _stands_for_companies(reading: Reading, position: int, stop: int, known: Vocabulary) -> bool:
    """Whether an adjective without its noun means companies: "CEOs in construction"."""
    after = reading.stem(stop)
    if reading.is_free(stop) and not reading.words[stop].breaks:
        if reading.match(known.roles, stop) is not None:
            return True
        following = reading.match(known.industry_adjectives, stop + 1) if after in _LIST else None
        named = reading.match(known.industry_names, stop + 1) if after in _LIST else None
        if following is not None or named is not None:
            return True
    if _stands_apart(reading, position, stop, known):
        return True
    excluded = position > 0 and reading.rules[position - 1] == EXCLUSION_RULE
    if excluded and tuple(reading.stems[position:stop]) not in known.functions:
        # "No insurance"
        return stop == len(reading.words) or not reading.negated[stop]
    before = reading.stem(position - 1)
    before = reading.stem(position - 2) if before == "the" else before
    # "Companies that do roofing": what leads to it was read as saying what companies do.
    does = position > 0 and reading.rules[position - 1] == ACTIVITY_RULE
    ends = not reading.is_free(stop) or reading.words[stop].breaks
    return (does or before in wording().company_links) and (
        ends or after in wording().company_links or after in _LIST
    )


def _stands_apart(reading: Reading, position: int, stop: int, known: Vocabulary) -> bool:
    """Whether an adjective is a part of the text by itself: "CEO | trucking | GA"."""
    if reading.stem(position - 1) in _FIELDS and reading.gap(position) in {"", ":", "=", "–"}:
        return True
    begins = position == 0 or reading.words[position].breaks
    ends = stop == len(reading.words) or reading.words[stop].breaks
    # "VP | marketing" is one role, "CFO | manufacturing" is none.
    ranks = any((stem,) in known.levels for stem in reading.stems)
    department = ranks and tuple(reading.stems[position:stop]) in known.functions
    return begins and ends and not department and len(reading.words) > stop - position
