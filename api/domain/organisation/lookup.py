"""Organisations by domain, without any ranking."""

from collections.abc import Sequence

from api.domain.company.domains import normalise_domain
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.queries.rows import by_domain
from api.domain.organisation.records import FetchMetadata, OrganisationBatch, OrganisationRow
from api.domain.usage.service import record
from api.errors import invalid
from api.work import Work

MAX_FETCHED = 5_000


async def fetch(work: Work, domains: Sequence[str], columns: Sequence[str]) -> OrganisationBatch:
    """The organisations at 1 to 5,000 domains, in the order in which they were asked for.

    A domain sent twice gives one row. Those without an organisation, and texts that are no domain,
    are ``missing``, as they were sent.
    """
    wanted = {text: normalise_domain(text) for text in domains}
    hosts = list(dict.fromkeys(host for host in wanted.values() if host is not None))
    found = await by_domain(Reader(work.stores.postgres), hosts, columns)
    nodes = [found[host] for host in hosts if host in found]
    missing = [text for text, host in wanted.items() if host not in found]
    await record(work, "organisation_fetch", 0)
    work.saw("organisation", (each.domain for each in nodes))
    return OrganisationBatch(nodes, FetchMetadata(len(wanted), len(nodes), missing))


async def look_up(work: Work, domain: str, columns: Sequence[str]) -> OrganisationRow | None:
    """The organisation at a domain, if there is one. Raises ``invalid_input`` for no domain."""
    host = normalise_domain(domain)
    if host is None:
        raise invalid("domain", "must be a domain such as example.com")
    found = await by_domain(Reader(work.stores.postgres), [host], columns)
    await record(work, "organisation", 0)
    work.saw("organisation", found)
    return found.get(host)
