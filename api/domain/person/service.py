"""Finding people without a query: exact look-up, and everybody at a company."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.cursors import scope_of
from api.domain.company.domains import normalise_domain
from api.domain.person import queries
from api.domain.person.identifiers import email_key, linkedin_key, phone_key
from api.domain.person.records import PersonMatches, PersonPage, PersonRow
from api.domain.usage.service import Payer, bill_alone, record
from api.errors import DomainError, ErrorCode, FieldProblem, invalid
from api.paging import (
    BilledPage,
    PageRequest,
    Pagination,
    Window,
    cursor_after,
    open_window,
)
from api.stores.conditions import Conditions
from api.work import Work

MAX_COMPANY_PEOPLE_PAGE = 500
MAX_LOOKUP_MATCHES = 100


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
    await record(work, "company_people", len(nodes))
    work.saw("person", (each.person_id for each in nodes))
    return _page_of(work, window, nodes, more=window.has_more(len(rows)))


async def people_of_companies(
    work: Work, company_ids: Sequence[str], limit: int
) -> list[PersonPage]:
    """The first page of people of each company, in the order given, by one query; billed together.

    Part of a larger call, so it counts as no request of its own.
    """
    people = await queries.people_of_companies(work.stores.clickhouse, company_ids, limit + 1)
    pages = []
    for company_id in company_ids:
        rows = people[company_id]
        scope = _company_scope(work, company_id)
        window = open_window(PageRequest(limit), scope, work.stores.cursors)
        more = window.has_more(len(rows))
        pages.append(_page_of(work, window, rows[:limit], more=more))
    billable = sum(page.billable_records for page in pages)
    payer = Payer.of(work.caller, "company_people")._replace(requests=0)
    await bill_alone(work.stores.postgres, payer, billable)
    work.saw("person", (each.person_id for page in pages for each in page.nodes))
    return pages


async def more_people_of_company(work: Work, company_id: str, page: PageRequest) -> PersonPage:
    """A later page of one company's people, as ``people_of_companies`` gives the first."""
    scope = _company_scope(work, company_id)
    window = open_window(page, scope, work.stores.cursors)
    rows = await _fetch(work, queries.company_conditions(company_id), window)
    nodes = rows[: window.size]
    payer = Payer.of(work.caller, "company_people")._replace(requests=0)
    await bill_alone(work.stores.postgres, payer, len(nodes))
    work.saw("person", (each.person_id for each in nodes))
    return _page_of(work, window, nodes, more=window.has_more(len(rows)))


def _company_scope(work: Work, company_id: str) -> bytes:
    return scope_of(work.caller.account_id, "people_of_company", company_id)


def _page_of(work: Work, window: Window, nodes: list[PersonRow], *, more: bool) -> PersonPage:
    def cursor_at(index: int) -> str:
        row = nodes[index]
        return cursor_after(window, work.stores.cursors, index, (row.rank, row.person_id))

    return BilledPage(
        nodes=nodes,
        pagination=Pagination(
            limit=window.limit,
            next_cursor=cursor_at(len(nodes) - 1) if more else None,
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
    work.saw("person", (each.person_id for each in rows))
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
