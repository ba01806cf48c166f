"""What a search asks of a company, as conditions on ``company_index`` or on ``person_index``.

Both tables have the columns that most searches filter by, under the same names. Codes, words and
names are in ``company_index`` alone: people are found there through their companies' ranks, which
lead the order of both tables.
"""

from collections.abc import Sequence
from typing import Any

from api.domain.company.places import city_key
from api.domain.interpreter.interpretation import (
    CompanyInterpretation,
    IndustryTerm,
    Location,
    PersonInterpretation,
)
from api.stores.conditions import Conditions

# A word is what letters, digits, + and # make ("c++", "c#"). Accents count, case does not.
# Between texts that are searched together stands a character that is a word of its own, so that no
# phrase reaches over it.
TEXT_SEPARATOR = r"\x01"
_NO_WORD = r"[^\\p{L}\\p{M}\\p{N}+#\\x01]+"
_LEGAL_FORMS = (
    "inc|incorporated|llc|l l c|ltd|limited|corp|corporation|co|company|llp|lp|pllc|pc|plc|gmbh|ag"
    "|sa|bv"
)


def words_of(text: str) -> str:
    """The SQL of the words in an expression: lower case, one space between and around them."""
    words = f"replaceRegexpAll(lowerUTF8({text}), '{_NO_WORD}', ' ')"
    return (
        f"concat(' ', trimBoth(replaceAll({words}, '{TEXT_SEPARATOR}', ' {TEXT_SEPARATOR} ')), ' ')"
    )


def name_of(text: str) -> str:
    """The SQL of the form in which companies' names compare: words without article, "and" and
    legal form."""
    bare = (
        f"replaceRegexpOne(replaceAll(replaceRegexpOne({words_of(text)}, '^ the ', ' '),"
        f" ' and ', ' '), '(?: (?:{_LEGAL_FORMS}))+ $', ' ')"
    )
    return f"if({bare} = ' ', {words_of(text)}, {bare})"


def add_company_conditions(
    conditions: Conditions,
    interpretation: PersonInterpretation | CompanyInterpretation,
    *,
    of_people: bool,
) -> None:
    """Adds what an interpretation asks of the company; ``of_people`` for ``person_index``."""
    if interpretation.industries:
        conditions.add(
            "hasAny(company_industries, {industries:Array(String)})",
            industries=_keys(interpretation.industries),
        )
    places, values = _places(interpretation.locations, "place")
    conditions.add_any(places, **values)
    filters = interpretation.filters
    if filters.company_state is not None:
        conditions.add("company_state = {state:String}", state=filters.company_state)
    if filters.company_city is not None:
        conditions.add("company_city_key = {city:String}", city=city_key(filters.company_city))
    if filters.employee_count_min is not None:
        conditions.add(
            "company_employee_count >= {employees_min:UInt32}",
            employees_min=filters.employee_count_min,
        )
    if filters.employee_count_max is not None:
        conditions.add(
            "company_employee_count <= {employees_max:UInt32}",
            employees_max=filters.employee_count_max,
        )
    if filters.excluded_industries:
        conditions.add(
            "NOT hasAny(company_industries, {excluded_industries:Array(String)})",
            excluded_industries=_keys(filters.excluded_industries),
        )
    places, values = _places(filters.excluded_locations, "excluded_place")
    for place in places:
        # What is not known is not excluded: without a state, there is no answer but "no".
        conditions.add(f"NOT ifNull({place}, 0)")
    conditions.values.update(values)
    _add_texts(conditions, interpretation, of_people=of_people)


def _keys(industries: Sequence[IndustryTerm]) -> list[str]:
    return [term.industry for term in industries]


def _places(places: Sequence[Location], name: str) -> tuple[list[str], dict[str, Any]]:
    sql, values = [], {}
    for number, place in enumerate(places):
        parts = []
        if place.city is not None:
            parts.append(f"company_city_key = {{{name}_city_{number}:String}}")
            values[f"{name}_city_{number}"] = city_key(place.city)
        if place.state is not None:
            parts.append(f"company_state = {{{name}_state_{number}:String}}")
            values[f"{name}_state_{number}"] = place.state
        if parts:
            sql.append("(" + " AND ".join(parts) + ")")
    return sql, values


def _add_texts(
    conditions: Conditions,
    interpretation: PersonInterpretation | CompanyInterpretation,
    *,
    of_people: bool,
) -> None:
    """Conditions on codes, words and names, which only ``company_index`` has."""
    filters = interpretation.filters
    of_company = Conditions()
    codes, values = _codes(filters.sic, filters.naics)
    of_company.add_any(codes, **values)
    if filters.company_names:
        names = name_of("name")
        of_company.add(
            f"name_key IN (SELECT {names} FROM"  # noqa: S608 - text of ours alone
            " (SELECT arrayJoin({company_names:Array(String)}) AS name))",
            company_names=list(filters.company_names),
        )
    for number, phrase in enumerate(filters.keywords):
        of_company.add(_says(f"keyword_{number}"), **{f"keyword_{number}": phrase})
    of_company.add_any(
        [_says(f"any_keyword_{n}") for n in range(len(filters.keywords_any))],
        **{f"any_keyword_{n}": text for n, text in enumerate(filters.keywords_any)},
    )
    _add_of_company(conditions, of_company, "IN", of_people=of_people)
    excluded = Conditions()
    codes, values = _codes(filters.excluded_sic, filters.excluded_naics, "excluded_")
    says = [_says(f"excluded_keyword_{n}") for n in range(len(filters.excluded_keywords))]
    excluded.add_any(
        [*says, *codes],
        **values,
        **{f"excluded_keyword_{n}": text for n, text in enumerate(filters.excluded_keywords)},
    )
    _add_of_company(conditions, excluded, "NOT IN", of_people=of_people)


def _codes(
    sic: Sequence[str], naics: Sequence[str], prefix: str = ""
) -> tuple[list[str], dict[str, Any]]:
    """Whether a company's codes begin with any of these; an unknown code is empty."""
    sql, values = [], {}
    for column, codes in (("sic", sic), ("naics", naics)):
        if codes:
            name = f"{prefix}{column}"
            sql.append(f"arrayExists(code -> startsWith({column}, code), {{{name}:Array(String)}})")
            values[name] = list(codes)
    return sql, values


def _says(parameter: str) -> str:
    """Whether the company's texts hold a phrase: its words by the index, then their order."""
    phrase = words_of(f"{{{parameter}:String}}")
    return (
        f"(hasAllTokens(words, splitByChar(' ', trimBoth({phrase})))"
        f" AND position(words, {phrase}) > 0)"
    )


def _add_of_company(
    conditions: Conditions, of_company: Conditions, verb: str, *, of_people: bool
) -> None:
    if not of_company.sql:
        return
    conditions.values.update(of_company.values)
    if of_people:
        conditions.add(
            f"company_rank {verb} (SELECT company_rank FROM company_index"  # noqa: S608
            f" {of_company.where})"
        )
    elif verb == "IN":
        conditions.sql.extend(of_company.sql)
    else:
        conditions.sql.extend(f"NOT {sql}" for sql in of_company.sql)
