"""Roles and industries in a query: the longest phrase wins, wherever it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from api.domain.company.industries import industries
from api.domain.interpreter.departments import (
    NOTHING,
    Found,
    above,
    department_after,
    department_first,
    leading,
    outside,
    people_in,
    ranked,
)
from api.domain.interpreter.exclusions import EXCLUSION_RULE
from api.domain.interpreter.interpretation import (
    DYNAMIC_INDUSTRY,
    DYNAMIC_ROLE,
    IndustryTerm,
    RoleTerm,
)
from api.domain.interpreter.lexer import singular, singular_phrase
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import RANKS, Vocabulary, vocabulary, wording
from api.domain.person.roles import C_LEVEL, role_book, roles

ROLE_RULE = "role"
INDUSTRY_RULE = "industry"
# Words for what companies do, before an industry: "that do roofing".
ACTIVITY_RULE = "activity"

_LIST = frozenset({"and", "or"})
_SERVING = frozenset({"assistant", "secretary", "advisor", "aide"})
# Ranks that say nothing without what they are of.
_GENERAL = frozenset({"manager", "director", "head", "vp", "svp", "supervisor"})
_WHO = frozenset({"who", "that", "people", "person", "those", "one", "folk", "guy", "whoever"})
_RUN = frozenset({"run", "running", "head", "heading", "lead", "manage"})
_AT_THE_TOP = ("chief_executive", "owner", "president", "founder", "managing_partner")
_FIELDS = frozenset({"industry", "sector", "vertical"})
_OWNERS = frozenset({"owner", "founder", "president", "partner"})


@dataclass(slots=True)
class Terms:
    """The roles and industries found so far, by key, in the order of the text; and the excluded."""

    roles: dict[str, RoleTerm] = field(default_factory=dict)
    industries: dict[str, IndustryTerm] = field(default_factory=dict)
    excluded_roles: dict[str, RoleTerm] = field(default_factory=dict)
    excluded_industries: dict[str, IndustryTerm] = field(default_factory=dict)

    def add_role(self, key: str, *, excluded: bool = False) -> None:
        """Adds a role of the dictionary as it is reported."""
        to = self.excluded_roles if excluded else self.roles
        to.setdefault(key, role_term(key))

    def add_title(self, label: str, *, excluded: bool = False) -> None:
        """Adds a role that is in no dictionary, matched as words of the title."""
        to = self.excluded_roles if excluded else self.roles
        to.setdefault(label.lower(), RoleTerm(DYNAMIC_ROLE, label, None))

    def add_industry(self, key: str, *, excluded: bool = False) -> None:
        """Adds an industry of the dictionary as it is reported."""
        to = self.excluded_industries if excluded else self.industries
        to.setdefault(key, industry_term(key))


def _read_ambiguous(reading: Reading, position: int, terms: Terms) -> None:
    """An abbreviation of several roles means any of them."""
    keys = role_book().ambiguous.get(reading.stem(position), ())
    if not keys or not reading.is_free(position):
        return
    for key in keys:
        terms.add_role(key, excluded=reading.negated[position])
    named = " or ".join(role_term(key).label for key in keys)
    reading.warnings.append(f'"{reading.words[position].text}" was read as {named}.')
    reading.take(position, position + 1, ROLE_RULE)


def _with_unknown_word(reading: Reading, position: int, role: Found) -> Found:
    """ "Zamboni managers" are not all managers: with the word before it the rank is a title."""
    before = position - 1
    if len(role.keys) != 1 or role.keys[0] not in _GENERAL or not reading.is_free(before):
        return role
    word, known = reading.words[before], wording()
    asked = known.fillers | known.qualifiers | known.asking | known.people | known.company_links
    own = word.text.isalpha() and len(word.text) > 2 and word.stem not in asked
    if not own or reading.words[position].breaks or word.stem in vocabulary().general_words:
        return role
    typed = [each.text for each in reading.words[before : position + role.length]]
    label = singular_phrase(typed)
    reading.warnings.append(f'"{label}" is no known role; it was matched in titles.')
    return Found(role.length, (), label, before)


def _with_rank_after(reading: Reading, position: int, role: Found) -> Found:
    """ "SDR managers" manage SDRs: a title of its own, not any of the two."""
    stop = position + role.length
    if len(role.keys) != 1 or roles()[role.keys[0]].seniority != "staff":
        return role
    if not reading.is_free(stop) or reading.words[stop].breaks:
        return role
    last = reading.words[stop - 1].fold
    rank = reading.match(vocabulary().roles, stop)
    if rank is None or rank[1] not in _GENERAL or singular(last) != last:
        return role
    typed = [word.text for word in reading.words[position : stop + rank[0]]]
    label = singular_phrase(typed)
    reading.warnings.append(f'"{label}" is no known role; it was matched in titles.')
    return Found(role.length + rank[0], (), label)


def _means_companies(reading: Reading, position: int, terms: Terms) -> bool:
    """Whether firms are meant by a word for both: "owners of vets", not "names of vets"."""
    link = reading.stem(position - 1)
    if link not in wording().company_links:
        return False
    after_people = reading.stem(position - 2) in wording().people - {"contact", "lead", "prospect"}
    return link == "at" or bool(terms.roles) or after_people


def _assistant_at(reading: Reading, position: int, role: Found) -> Found | None:
    """Those who serve a role, as words of their title: "assistants to the CEO".

    Of assistants with a title of their own whom they serve says nothing: "EAs to the CEO".
    """
    own = role.keys == ("executive_assistant",)
    link = position + (role.length if own else 1)
    if not (own or reading.stem(position) in _SERVING) or reading.stem(link) != "to":
        return None
    start = link + 1 + (reading.stem(link + 1) in {"the", "a", "an"})
    served = reading.match(vocabulary().roles, start) if start < len(reading.words) else None
    if served is None:
        return None
    stop = start + served[0]
    if own:
        typed = " ".join(word.text for word in reading.words[link:stop])
        reading.warnings.append(f'Whom assistants serve is not searched: "{typed}" was not used.')
        return Found(stop - position, role.keys)
    words = [reading.stem(position), *(word.text for word in reading.words[position + 1 : stop])]
    return Found(stop - position, (), singular_phrase(words))


def _has_firm(reading: Reading, position: int, role: Found) -> bool:
    """Whether a profession is followed by who has its firms, as in "chiropractor owners"."""
    stop = position + role.length
    if len(role.keys) != 1 or role.keys[0] not in _firms() or stop >= len(reading.words):
        return False
    last = reading.words[stop - 1]
    owner = reading.match(vocabulary().roles, stop)
    plural = singular(last.fold) != last.fold
    return owner is not None and owner[1] in _OWNERS and not (plural or reading.words[stop].breaks)


@lru_cache(maxsize=1)
def _firms() -> Mapping[str, str]:
    return {key: x.key for x in industries().values() for key in x.practitioners}


def role_term(key: str) -> RoleTerm:
    """A role of the dictionary as it is reported."""
    role = roles()[key]
    if role.taxonomy:
        return RoleTerm(role.key, role.label, role.key)
    return RoleTerm(DYNAMIC_ROLE, role.short, role.key)


def industry_term(key: str) -> IndustryTerm:
    """An industry of the dictionary as it is reported."""
    industry = industries()[key]
    reported = industry.key if industry.taxonomy else DYNAMIC_INDUSTRY
    return IndustryTerm(reported, industry.label, industry.key)


def read_terms(reading: Reading, *, companies: bool = False) -> Terms:
    """The roles and industries of the text; ``companies`` reads what is both as the latter."""
    terms = Terms()
    beginnings = vocabulary().beginnings
    position = 0
    while position < len(reading.words):
        if not reading.is_free(position) or reading.stems[position] not in beginnings:
            position += 1
            continue
        _read_ambiguous(reading, position, terms)
        role = _with_unknown_word(reading, position, _role_at(reading, position))
        role = _with_rank_after(reading, position, role)
        industry = _industry_at(reading, position)
        if role.length == industry.length and role.length:
            role = NOTHING if companies or _means_companies(reading, position, terms) else role
        assistant = _assistant_at(reading, position, role)
        if assistant is not None:
            role = assistant
        elif role.length and not companies and _has_firm(reading, position, role):
            # "Dentist owners" own dental practices.
            role, industry = NOTHING, Found(role.length, (_firms()[role.keys[0]],))
        if role.length > industry.length or (role.length and role.length == industry.length):
            excluded = reading.negated[position]
            for key in role.keys:
                terms.add_role(key, excluded=excluded)
            if role.title is not None:
                terms.add_title(role.title, excluded=excluded)
            begin = position if role.begin is None else role.begin
            reading.take(begin, position + role.length, ROLE_RULE)
            position += role.length
        elif industry.length and _specialises(reading, position, industry):
            # "Real estate law firms" are law firms; what is left describes them.
            position += industry.length
        elif industry.length:
            for key in industry.keys:
                terms.add_industry(key, excluded=reading.negated[position])
            reading.take(position, position + industry.length, INDUSTRY_RULE)
            position += industry.length
        else:
            position += 1
    return terms


def role_length(reading: Reading, position: int) -> int:
    """How many words from a position on name a role."""
    return _role_at(reading, position).length


def _role_at(reading: Reading, position: int) -> Found:
    known = vocabulary()
    # What follows "at" is where people work: "at Owner Media" names no owner.
    level = reading.match(known.levels, position) if reading.stem(position - 1) == "at" else None
    at_level = level is not None and reading.stem(position + level[0]) == "level"
    if reading.stem(position - 1) == "at" and not at_level:
        return NOTHING
    # Of phrases of one length the first counts: what is written out in the dictionary.
    candidates = []
    if reading.stem(position - 1) in _WHO:
        # "People who head HR" are more than its heads.
        candidates.append(leading(reading, position, known))
        candidates.append(_running(reading, position, known))
    phrase = reading.match(known.roles, position)
    if phrase is not None:
        candidates.append(_with_above(reading, position, phrase[0], phrase[1]))
    lookalike = reading.match(known.lookalikes, position)
    if lookalike is not None:
        # "Product owners" own no company: they are found by the words of their title.
        typed = [word.text for word in reading.words[position : position + lookalike[0]]]
        candidates.append(Found(lookalike[0], (), singular_phrase(typed)))
    candidates.append(ranked(reading, position, known))
    candidates.append(department_first(reading, position, known))
    candidates.append(leading(reading, position, known))
    candidates.append(people_in(reading, position, known))
    candidates.append(outside(reading, position, known))
    return max(candidates, key=lambda found: found.length)


def _running(reading: Reading, position: int, known: Vocabulary) -> Found:
    """Those at the top of companies: "people running construction companies", "who runs banks"."""
    if reading.stem(position) not in _RUN or not reading.is_free(position + 1):
        return NOTHING
    start = position + 1 + (reading.stem(position + 1) in {"the", "a", "an", "their", "own"})
    kind = _industry_at(reading, start) if start < len(reading.words) else NOTHING
    company = reading.stem(start) in wording().companies
    return Found(start - position, _AT_THE_TOP) if kind.length or company else NOTHING


def _with_above(reading: Reading, position: int, length: int, key: str) -> Found:
    """A rank with what "level and above" adds to it, or just the role."""
    if key not in RANKS:
        return Found(length, (key,))
    stop = position + length
    end = above(reading, stop)
    if end is not None:
        within = department_after(reading, end, key)
        if within is not None:
            return Found(within.length + end - position, within.keys)
        return Found(end - position, RANKS[RANKS.index(key) :])
    stop += key != C_LEVEL and reading.stem(stop) == "level"
    return Found(stop - position, (key,))


def _industry_at(reading: Reading, position: int) -> Found:
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


def _specialises(reading: Reading, position: int, industry: Found) -> bool:
    """Whether one industry in the singular stands right before another."""
    stop = position + industry.length
    if stop >= len(reading.words) or reading.words[stop].breaks or not reading.is_free(stop):
        return False
    last = reading.words[stop - 1].fold
    following = _industry_at(reading, stop) if singular(last) == last else NOTHING
    return following.length > 0 and set(following.keys).isdisjoint(industry.keys)


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
