"""Companies as an inventory of domains."""

from dataclasses import dataclass

from api.cursors import scope_of
from api.domain.company import queries
from api.domain.company.places import state_code
from api.domain.company.records import DomainPage
from api.domain.usage.service import record
from api.errors import invalid
from api.paging import PageRequest, Pagination, cursor_after, open_window
from api.work import Work

MAX_DOMAIN_PAGE = 100
DEFAULT_MIN_CONTACTS = 5
MAX_MIN_CONTACTS = 1_000_000
MAX_INDUSTRY_CHARS = 200


@dataclass(frozen=True, slots=True)
class DomainFilters:
    """The documented filters of GET /v1/domains."""

    min_contacts: int = DEFAULT_MIN_CONTACTS
    industry: str | None = None
    location_state: str | None = None


async def domain_inventory(work: Work, filters: DomainFilters, page: PageRequest) -> DomainPage:
    """One page of company domains with enough known contacts, in alphabetical order; not billed.

    Raises ``invalid_input`` for a state that is none, and ``invalid_cursor``.
    """
    state = None
    if filters.location_state is not None:
        state = state_code(filters.location_state)
        if state is None:
            raise invalid("location_state", "a state of the US by code or name: ID or Idaho")
    industry = (filters.industry or "").strip().lower() or None
    scope = scope_of(work.caller.account_id, "domains", filters.min_contacts, industry, state)
    window = open_window(page, scope, work.stores.cursors)
    rows = await queries.domains(
        work.stores.clickhouse,
        min_contacts=filters.min_contacts,
        industry=industry,
        state=state,
        after=window.key[0] if window.key else None,
        limit=window.size + 1,
    )
    nodes = rows[: window.size]
    cursors = work.stores.cursors
    more = window.has_more(len(rows))
    next_cursor = (
        cursor_after(window, cursors, len(nodes) - 1, (nodes[-1].domain,)) if more else None
    )
    await record(work, "domains", 0)
    work.saw("domain", (each.domain for each in nodes))
    return DomainPage(nodes=nodes, pagination=Pagination(limit=page.limit, next_cursor=next_cursor))
