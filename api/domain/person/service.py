"""Finding people: natural-language search, exact look-up, and everybody at a company."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from api.cursors import scope_of
from api.domain.company.domains import normalise_domain
from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.interpreter.parser import interpret_persons
from api.domain.person import queries
from api.domain.person.identifiers import email_key, linkedin_key, phone_key
from api.domain.person.records import (
    PersonMatches,
    PersonPage,
    PersonRow,
    PersonSearchPage,
    SearchStrategy,
)
from api.domain.usage.service import record
from api.errors import DomainError, ErrorCode, FieldProblem, invalid
from api.paging import (
    PageRequest,
    Pagination,
    Window,
    cursor_after,
    lower_bound_totals,
    open_window,
)
from api.stores.conditions import Conditions
from api.work import Work

MAX_SEARCH_PAGE = 100
MAX_COMPANY_PEOPLE_PAGE = 500
MAX_LOOKUP_MATCHES = 100


@dataclass(frozen=True, slots=True)
class PersonSearch:
    """A natural-language query, with the documented server-side location filters."""

    q: str
    location_city: str | None = None
    location_state: str | None = None


async def search(work: Work, asked: PersonSearch, page: PageRequest) -> PersonSearchPage:
    """One page of the people that the query means, billed per record.

    Raises ``invalid_input`` where nothing in the query is understood, and ``invalid_cursor``.
    """
    interpretation = interpret_persons(
        asked.q, location_city=asked.location_city, location_state=asked.location_state
    )
    scope = scope_of(work.caller.account_id, "person_search", asdict(interpretation))
    window = open_window(page, scope, work.stores.cursors, cap=interpretation.requested_records)
    rows = await _fetch(work, queries.search_conditions(interpretation), window)
    total, relation, pages = lower_bound_totals(window, len(rows))
    nodes = rows[: window.size]
    cursor_at = _cursors_of(work, window, nodes)
    await record(work, "person_search", len(nodes))
    return PersonSearchPage(
        nodes=nodes,
        pagination=Pagination(
            limit=page.limit,
            next_cursor=cursor_at(len(nodes) - 1) if window.has_more(len(rows)) else None,
            max_records=window.cap,
            total_records=total,
            total_records_relation=relation,
            total_pages=pages,
        ),
        billable_records=len(nodes),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
        interpretation=interpretation,
        search_strategy=strategy_of(interpretation),
    )


def strategy_of(interpretation: PersonInterpretation) -> SearchStrategy:
    """``indexed_dynamic`` where the dictionary has every role, ``dynamic`` for free title text."""
    if any(term.role is None for term in interpretation.roles):
        return SearchStrategy.DYNAMIC
    return SearchStrategy.INDEXED_DYNAMIC


async def people_of_company(work: Work, domain: str, page: PageRequest) -> PersonPage:
    """One page of the people of the companies at a domain, billed per record.

    A domain that nobody is known at has no people; that is an answer, not an error.
    """
    host = normalise_domain(domain)
    if host is None:
        raise invalid("domain", "a company domain such as example.com")
    scope = scope_of(work.caller.account_id, "company_people", host)
    window = open_window(page, scope, work.stores.cursors)
    rows = await _fetch(work, queries.domain_conditions(host), window)
    nodes = rows[: window.size]
    cursor_at = _cursors_of(work, window, nodes)
    await record(work, "company_people", len(nodes))
    return PersonPage(
        nodes=nodes,
        pagination=Pagination(
            limit=page.limit,
            next_cursor=cursor_at(len(nodes) - 1) if window.has_more(len(rows)) else None,
            max_records=window.cap,
        ),
        billable_records=len(nodes),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
    )


@dataclass(frozen=True, slots=True)
class PersonLookup:
    """Exact identifiers; those given are combined with AND."""

    email: str | None = None
    company_domain: str | None = None
    linkedin_url: str | None = None
    phone: str | None = None


async def look_up(work: Work, asked: PersonLookup) -> PersonMatches:
    """The people with all the given identifiers, at most 100, billed per record.

    Raises ``malformed_request`` where no identifier is given, ``invalid_input`` for text that is no
    such identifier.
    """
    keys = _lookup_keys(asked)
    if not keys:
        raise DomainError(
            ErrorCode.MALFORMED_REQUEST,
            "Give at least one of email, company_domain, linkedin_url and phone.",
            (FieldProblem("email", "at least one identifier is needed"),),
        )
    conditions = queries.lookup_conditions(**keys)
    rows = await queries.page(work.stores.clickhouse, conditions, None, MAX_LOOKUP_MATCHES)
    await record(work, "person_lookup", len(rows))
    return PersonMatches(rows, len(rows))


def _lookup_keys(asked: PersonLookup) -> dict[str, str]:
    keys: dict[str, str] = {}
    for name, text, normalise, example in (
        ("email", asked.email, email_key, "an e-mail address such as jordan@example.com"),
        ("company_domain", asked.company_domain, normalise_domain, "a domain such as example.com"),
        (
            "linkedin_url",
            asked.linkedin_url,
            linkedin_key,
            "a profile such as https://www.linkedin.com/in/jordan-lee",
        ),
        ("phone", asked.phone, phone_key, "a phone number such as +12085550123"),
    ):
        if text is None:
            continue
        key = normalise(text)
        if key is None:
            raise invalid(name, example)
        keys[name] = key
    return keys


async def _fetch(work: Work, conditions: Conditions, window: Window) -> list[PersonRow]:
    """The rows of a window and, where one exists, the row behind it."""
    if not window.size:
        return []
    after = None if window.key is None else (window.key[0], window.key[1])
    return await queries.page(work.stores.clickhouse, conditions, after, window.size + 1)


def _cursors_of(work: Work, window: Window, nodes: list[PersonRow]) -> Callable[[int], str]:
    def cursor_at(index: int) -> str:
        row = nodes[index]
        return cursor_after(window, work.stores.cursors, index, (row.rank, row.person_id))

    return cursor_at
