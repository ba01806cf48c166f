"""Who at the companies is meant, beside the roles of the dictionary: everyone, and free titles."""

from api.domain.company.industries import industries
from api.domain.interpreter.geography import PLACE_RULE
from api.domain.interpreter.lexer import singular_phrase
from api.domain.interpreter.names import NAME_RULE
from api.domain.interpreter.reading import UNUSED, Reading
from api.domain.interpreter.terms import INDUSTRY_RULE, ROLE_RULE, Terms
from api.domain.interpreter.vocabulary import vocabulary, wording
from api.domain.person.roles import roles
from api.errors import invalid

EVERYONE_RULE = "all_employees"
TITLE_RULE = "free_title"
# Of a title that is in no dictionary, when its last word names bearers ("happiness officers").
TITLE_WORDS_MAX = 3

_COMPANY_RULES = frozenset({INDUSTRY_RULE, PLACE_RULE, NAME_RULE, "keyword", "employee_count"})
_PLURAL_AGENTS = ("ers", "ors", "ists", "ians", "men", "ants", "yers", "ics", "interns", "clerks")


def read_everyone(reading: Reading, *, restricted: bool) -> bool:
    """Whether "all employees", "everyone who works at" or "people in" asks for all roles."""
    found = False
    for position, stem in enumerate(reading.stems):
        if stem not in wording().people or not reading.is_free(position):
            continue
        before = reading.stems[max(0, position - 3) : position]
        explicit = stem in wording().everyone or not wording().all.isdisjoint(before)
        after = position + 1
        at_end = after == len(reading.words)
        linked = not at_end and (
            reading.stem(after) in wording().employed_at
            or reading.rules[after] in _COMPANY_RULES | {"exclusion"}
        )
        ends = position > 0 and at_end and reading.rules[position - 1] in _COMPANY_RULES
        if linked or ends or (at_end and (explicit or restricted)):
            reading.take(position, after, EVERYONE_RULE)
            found = True
    return found


def check_everyone(reading: Reading, unparsed: tuple[str, ...], example: str) -> None:
    """Refuses "all employees at <words not understood>", which would mean everybody there is."""
    if unparsed:
        raise invalid(
            "q",
            "the companies are not understood; name an industry, a place or a size, or a company "
            f"by its name, for example {example}.",
        )
    reading.warnings.append("No industry, place or size was named; everyone in the data is meant.")


def read_free_titles(reading: Reading, terms: Terms, *, restricted: bool) -> None:
    """One or two plain words where a role stands: "growth hackers in Texas", "Texas arborists"."""
    start = 0
    while start < len(reading.words):
        stop = start
        while reading.is_free(stop) and _is_plain(reading, stop):
            stop += 1
            if stop < len(reading.words) and reading.words[stop].breaks:
                break
        if stop > start and _is_title(reading, start, stop, restricted=restricted):
            label = singular_phrase([word.text for word in reading.words[start:stop]])
            reading.warnings.append(f'"{label}" is no known role; it was matched in titles.')
            terms.add_title(label, excluded=reading.negated[start])
            reading.take(start, stop, TITLE_RULE)
            return
        start = max(stop, start + 1)


def _is_plain(reading: Reading, position: int) -> bool:
    word = reading.words[position]
    known = wording()
    return (
        word.text.isalpha()
        and len(word.text) > 1
        and word.stem not in known.fillers
        and word.stem not in known.qualifiers
    )


def _is_title(reading: Reading, start: int, stop: int, *, restricted: bool) -> bool:
    last = reading.words[stop - 1]
    known = vocabulary()
    if (last.stem,) in known.industry_adjectives or (last.stem,) in known.functions:
        return False
    names_bearers = last.fold.endswith(_PLURAL_AGENTS)
    if stop - start > (TITLE_WORDS_MAX if names_bearers else TITLE_WORDS_MAX - 1):
        return False
    ends = stop == len(reading.words) or reading.words[stop].breaks
    if ends and names_bearers:
        return restricted or start == 0
    links = reading.stem(stop) in wording().employed_at or (
        stop < len(reading.words) and not reading.is_free(stop)
    )
    return restricted and links


def read_industries_of_roles(reading: Reading, terms: Terms) -> None:
    """Roles in a search for companies: "dentists in Reno" are dental practices; others are unused.

    Only where no industry is named; "law firms with a CMO" cannot be searched.
    """
    if not (terms.roles or terms.excluded_roles):
        return
    of_practitioners = {key: x.key for x in industries().values() for key in x.practitioners}
    by_role = {
        key: of_practitioners[kind]
        for key, role in roles().items()
        for kind in (*reversed(role.broader), key)
        if kind in of_practitioners
    }
    for found, excluded in ((terms.roles, False), (terms.excluded_roles, True)):
        for term in list(found.values()):
            industry = by_role.get(term.role or "")
            if industry is not None and not terms.industries and not excluded:
                terms.add_industry(industry)
                label = industries()[industry].label
                reading.warnings.append(f'"{term.label}" was read as companies: {label}.')
            elif industry is None or not terms.industries:
                reading.warnings.append(
                    f'Companies are not searched by people: "{term.label}" was not used.'
                )
                for position, rule in enumerate(reading.rules):
                    if rule == ROLE_RULE:
                        reading.rules[position] = UNUSED
        found.clear()
