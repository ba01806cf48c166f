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
from api.domain.interpreter.interpretation import (
    DYNAMIC_INDUSTRY,
    DYNAMIC_ROLE,
    IndustryTerm,
    RoleTerm,
)
from api.domain.interpreter.kinds import industry_at, specialises
from api.domain.interpreter.lexer import singular, singular_phrase
from api.domain.interpreter.reading import Reading
from api.domain.interpreter.vocabulary import RANKS, Vocabulary, vocabulary, wording
from api.domain.person.roles import C_LEVEL, role_book, roles

ROLE_RULE = "role"
INDUSTRY_RULE = "industry"

_LIST = frozenset({"and", "or"})
_SERVING = frozenset({"assistant", "secretary", "advisor", "aide"})
# Ranks that say nothing without what they are of.
_GENERAL = frozenset({"manager", "director", "head", "vp", "svp", "supervisor"})
_WHO = frozenset({"who", "that", "people", "person", "those", "one", "folk", "guy", "whoever"})
_RUN = frozenset({"run", "running", "head", "heading", "lead", "manage"})
_AT_THE_TOP = ("chief_executive", "owner", "president", "founder", "managing_partner")
_OWNERS = frozenset({"owner", "founder", "president", "partner"})


@dataclass(slots=True)
class Terms:
    """The roles and industries found so far, by key, in the order of the text; and the excluded.

    ``parts`` are the words that exclude a part of a wanted industry, for companies' texts to tell.
    """

    roles: dict[str, RoleTerm] = field(default_factory=dict)
    industries: dict[str, IndustryTerm] = field(default_factory=dict)
    excluded_roles: dict[str, RoleTerm] = field(default_factory=dict)
    excluded_industries: dict[str, IndustryTerm] = field(default_factory=dict)
    parts: list[tuple[int, int]] = field(default_factory=list)

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
    if len(role.keys) != 1 or not reading.is_free(before):
        return role
    junior = reading.stem(before) in role_book().juniors | {"deputy"}
    if junior and not reading.words[position].breaks:
        return _as_title(reading, before, position + role.length)
    if role.keys[0] not in _GENERAL:
        return role
    word, known = reading.words[before], wording()
    asked = known.fillers | known.qualifiers | known.asking | known.people | known.company_links
    own = word.text.isalpha() and len(word.text) > 2 and word.stem not in asked
    if not own or reading.words[position].breaks or word.stem in vocabulary().general_words:
        return role
    return _as_title(reading, before, position + role.length)


def _as_title(reading: Reading, begin: int, stop: int) -> Found:
    """Words as a title that is in no dictionary; its length counts from the second word."""
    label = singular_phrase([word.text for word in reading.words[begin:stop]])
    reading.warnings.append(f'"{label}" is no known role; it was matched in titles.')
    return Found(stop - begin - 1, (), label, begin)


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
        industry = industry_at(reading, position)
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
        elif industry.length and _is_part_of_wanted(reading, position, industry, terms):
            terms.parts.append((position, position + industry.length))
            position += industry.length
        elif industry.length and specialises(reading, position, industry):
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
    kind = industry_at(reading, start) if start < len(reading.words) else NOTHING
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


def _is_part_of_wanted(reading: Reading, position: int, industry: Found, terms: Terms) -> bool:
    """Whether other words for what is asked for are excluded: "restaurants, no fast food"."""
    if not reading.negated[position] or not set(industry.keys) <= terms.industries.keys():
        return False
    stems = reading.stems[position : position + industry.length]
    wanted = [stem for stem, no in zip(reading.stems, reading.negated, strict=True) if not no]
    return not set(stems) & set(wanted)
