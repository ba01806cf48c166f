"""Companies called by their names: "all employees at Owner Media", "companies named Acme"."""

from api.domain.company.places import cities_by_name, joined, states_by_name
from api.domain.interpreter.lexer import singular
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.typos import correction, is_english
from api.domain.interpreter.vocabulary import vocabulary, wording
from api.domain.person.roles import DECIDING_SENIORITIES, roles

NAME_RULE = "company_name"
NAME_WORDS_MAX = 8

_ALWAYS = frozenset({"at", "@"})
_AFTER_PEOPLE = frozenset({"of", "for", "from"})
_CALLED = frozenset({"named", "called"})
_WITHIN = frozenset({"and", "of", "the", "de", "la"})
_ARTICLES = frozenset(
    {"a", "an", "any", "all", "every", "each", "some", "the", "my", "our", "your"}
)
_CODED = frozenset({"coded", "classified", "code", "sic", "naics"})
_ROSTERS = frozenset({"list", "directory", "roster", "database"})
_FAMILY = frozenset(
    ["son", "sons", "co", "company", "associate", "partner", "daughter", "brother", "bros"]
)
_FORMS = frozenset(
    [
        "inc",
        "llc",
        "ltd",
        "corp",
        "co",
        "llp",
        "lp",
        "pllc",
        "pc",
        "plc",
        "gmbh",
        "incorporated",
        "limited",
    ]
)


def read_names(reading: Reading) -> dict[str, None]:
    """The names of companies that the text states, in order, without repetition."""
    found: dict[str, None] = {}
    shouting = reading.is_shouting
    position = 1
    while position < len(reading.words):
        start = _start_of_name(reading, position)
        called = reading.stem(position) in _CALLED
        stop = None
        if start is not None:
            stop = _end_of_name(reading, start, shouting=shouting, called=called)
        if start is None or stop is None:
            position += 1
            continue
        while stop is not None:
            found[_typed(reading, start, stop)] = None
            reading.take(position if start == position + 1 else start, stop, NAME_RULE)
            position = stop
            # "at Stripe and Google", "at Stripe, Google or Square"
            start = stop + (reading.stem(stop) in {"and", "or"})
            goes_on = start > stop or reading.gap(stop) == ","
            capital = start < len(reading.words) and reading.words[start].is_capital
            if not (goes_on and capital and not shouting) or _is_place(reading, start, start + 1):
                break
            stop = _end_of_name(reading, start, shouting=shouting)
    return found


def _start_of_name(reading: Reading, position: int) -> int | None:
    """Where a name would begin after a link at a position."""
    stem, before = reading.stem(position), reading.stem(position - 1)
    if not reading.is_free(position) or not reading.is_free(position + 1):
        return None
    following, bounds = reading.words[position + 1], (wording().at_least, wording().at_most)
    if following.fold in {"sic", "naics"} or following.number is not None:
        return None
    if any(reading.starts_with(phrases, position) for phrases in bounds):
        return None
    if stem in _CALLED:
        return position + 1 if before in wording().companies | wording().fillers else None
    if before in _ROSTERS:
        # "The full staff list of Acme"
        before = reading.stem(position - 2)
    employs = before in wording().people or before in {"work", "working", "employed"}
    if stem in _ALWAYS or (stem in _AFTER_PEOPLE and employs):
        return position + 1
    plain = following.is_capital and not (reading.is_shouting or reading.is_title_case)
    return position + 1 if stem == "of" and plain and _leads(reading, position) else None


def _leads(reading: Reading, position: int) -> bool:
    """Whether a role at the top of a company ends before a position: "CEO of Acme Corp"."""
    for start in range(max(0, position - 4), position):
        role = reading.match(vocabulary().roles, start)
        if role is not None and start + role[0] == position:
            return roles()[role[1]].seniority in DECIDING_SENIORITIES - {"vp", "director", "head"}
    return False


def _end_of_name(
    reading: Reading, start: int, *, shouting: bool, called: bool = False
) -> int | None:
    """The end of a name from a position, ``None`` where the words only say a kind of company."""
    if not reading.is_free(start):
        return None
    first = reading.words[start]
    rank = reading.match(vocabulary().levels, start)
    if rank is not None and reading.stem(start + rank[0]) == "level":
        return None
    proper = first.is_capital and not shouting
    if first.stem in _ARTICLES and not proper:
        following = start + 1 < len(reading.words) and reading.words[start + 1].is_capital
        if first.stem != "the" or shouting or not following:
            return None
        proper = True
    stop = start
    while stop < len(reading.words) and stop - start < NAME_WORDS_MAX:
        if not _continues(reading, start, stop, proper=proper):
            break
        stop += 1
    while stop > start and reading.stem(stop - 1) in _WITHIN:
        stop -= 1
    # "Companies named Summit" are not those in Summit.
    if stop == start or (not (called and proper) and _is_kind(reading, start, stop, proper=proper)):
        return None
    return stop


def _continues(reading: Reading, start: int, position: int, *, proper: bool) -> bool:
    word = reading.words[position]
    if not reading.is_free(position):
        return False
    if position > start and word.breaks:
        form = word.fold in _FORMS and set(word.before) <= {",", "."}
        if not form and not (word.before == "." and len(reading.words[position - 1].text) <= 3):
            return bool(set(word.before) <= set("&+'’-"))
    ends = wording().place_prepositions | wording().clause_starts | {"at", "for", "by", "about"}
    if word.stem in ends and position > start:
        return False
    words = wording()
    bounds = (words.excluding, words.over, words.under, words.at_least, words.at_most)
    if any(reading.starts_with(phrases, position) for phrases in bounds):
        return False
    if not proper:
        return word.stem not in {"and", "or"} and not _says_what_firms_do(reading, start, position)
    if word.text == "&" or word.is_capital or word.text.isdigit():
        return True
    if word.stem == "and":
        following = reading.words[position + 1].fold if position + 1 < len(reading.words) else ""
        return following in _FAMILY
    following_capital = position + 1 < len(reading.words) and reading.words[position + 1].is_capital
    return (word.stem in _WITHIN and position > start and following_capital) or position == start


def _says_what_firms_do(reading: Reading, start: int, position: int) -> bool:
    """Whether words after a kind of firm go on about it: "at biotech companies working on …"."""
    if position == start:
        return False
    before = reading.words[position - 1]
    words = wording()
    kinds = words.companies | vocabulary().last_words_of_industries
    is_kind = before.stem in kinds and singular(before.fold) != before.fold
    says = any(reading.starts_with(x, position) for x in (words.mentioning, words.doing))
    return is_kind and (says or reading.words[position].fold in _CODED)


def _is_kind(reading: Reading, start: int, stop: int, *, proper: bool) -> bool:
    """Whether the words name a kind of company, not one company."""
    last, following = reading.words[stop - 1], reading.stem(stop)
    known = vocabulary()
    kinds = wording().companies | known.last_words_of_industries
    if reading.is_free(stop) and following in kinds and not reading.words[stop].breaks:
        return True
    if _is_place(reading, start, stop):
        return True
    if not proper and following not in kinds and last.stem not in kinds:
        # A mistyped kind is no name either: "at manufactureres".
        mended = correction(last.fold)
        if mended and singular(mended) != mended and singular(mended) in kinds:
            return True
    plural = singular(last.fold) != last.fold
    if not proper and plural and all(is_english(word.fold) for word in reading.words[start:stop]):
        # "At churches"
        return True
    covered = _is_covered(reading, start, stop)
    noun = last.stem in wording().companies or any(
        tuple(reading.stems[at:stop]) in known.industry_names for at in range(start, stop)
    )
    if proper and not (reading.is_title_case and plural and noun):
        whole = tuple(reading.stems[start:stop])
        named = whole in known.industry_names or whole in known.industry_adjectives
        return named or (covered and (stop == start + 1 or (plural and noun)))
    return covered or (plural and noun) or last.stem in wording().qualifiers


def _is_covered(reading: Reading, start: int, stop: int) -> bool:
    """Whether every word belongs to an industry, a place, a size or a word of asking."""
    known, words = vocabulary(), wording()
    position = start
    while position < stop:
        lengths = [
            match[0]
            for table in (known.industry_names, known.industry_adjectives)
            if (match := reading.match(table, position)) is not None
        ]
        lengths += [
            reading.starts_with(s, position) for s in (words.small, words.medium, words.large)
        ]
        stem = reading.stem(position)
        general = words.companies | words.fillers | words.qualifiers | words.people
        if stem in general or reading.words[position].number is not None:
            lengths.append(1)
        lengths += [n for n in (3, 2, 1) if _is_place(reading, position, position + n)]
        if not max(lengths, default=0):
            return False
        position += max(lengths)
    return True


def _is_place(reading: Reading, start: int, stop: int) -> bool:
    name = joined([word.fold for word in reading.words[start:stop]])
    return name in states_by_name() or name in cities_by_name()


def _typed(reading: Reading, start: int, stop: int) -> str:
    """The words of a name as typed, with the punctuation that belongs to it."""
    parts = [reading.words[start].text]
    for word in reading.words[start + 1 : stop]:
        hyphen = word.before == "-"
        parts.append(f"-{word.text}" if hyphen else f" {word.text}")
    return "".join(parts)
