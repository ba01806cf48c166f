"""Loaders of one request: what many rows ask for one by one is asked of the stores at once."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from api.domain.organisation.records import OrganisationRow
from api.domain.organisation.similar import similar_to_each
from api.domain.person import service
from api.domain.person.records import PersonPage
from api.domain.wallet.journal import first_entries, more_entries
from api.domain.wallet.records import EntryRow, WalletSummary, WalletView
from api.domain.wallet.service import no_customer, summaries
from api.errors import invalid
from api.paging import Page, PageRequest
from api.work import Work
from graph.batches import Batches

MOST_AT_ONCE = 100
"""Keys of one statement; people are asked for by one query for all of their companies."""

MAX_SIMILAR_LOOKUPS = 1_000
"""Organisations of one request that others like them are looked up for, over all levels."""


class _How(NamedTuple):
    first: int
    boost: tuple[str, ...]
    penalize: tuple[str, ...]
    columns: tuple[str, ...]


class SimilarOrganisations:
    """``Organisation.similar`` of a request, batched for each combination of arguments."""

    def __init__(self, work: Work):
        self._work = work
        self._loaders: dict[_How, Batches[str, list[OrganisationRow]]] = {}
        self._looked_up = 0

    async def load(self, domain: str, **how: Any) -> list[OrganisationRow]:
        """The organisations like the one at a domain.

        Raises ``invalid_input`` for more than 1,000 look-ups in one request: lists within lists
        multiply.
        """
        self._looked_up += 1
        if self._looked_up > MAX_SIMILAR_LOOKUPS:
            raise invalid(
                "first", f"similar is asked for more than {MAX_SIMILAR_LOOKUPS} organisations"
            )
        wanted = _How(**how)
        loader = self._loaders.get(wanted)
        if loader is None:

            async def load_all(domains: list[str]) -> list[list[OrganisationRow]]:
                return await similar_to_each(self._work, domains, **wanted._asdict())

            loader = self._loaders[wanted] = Batches(load_all, MOST_AT_ONCE)
        return await loader.load(domain)


MAX_PEOPLE_OF_COMPANIES = 10_000
"""People that the companies of one request may be asked for in all, each at most ``first``."""


class PeopleOfCompanies:
    """``Company.people`` of a request: the first pages of many companies come by one query."""

    def __init__(self, work: Work):
        self._work = work
        self._loaders: dict[int, Batches[str, PersonPage]] = {}
        self._asked = 0

    async def load(self, company_id: str, first: int, after: str | None) -> PersonPage:
        """A page of a company's people.

        Raises ``invalid_cursor``, and ``invalid_input`` for more than 10,000 people in one request.
        """
        self._asked += first
        if self._asked > MAX_PEOPLE_OF_COMPANIES:
            raise invalid(
                "first", f"people of more than {MAX_PEOPLE_OF_COMPANIES:,} in all; ask for fewer"
            )
        if after is not None:
            page = PageRequest(first, after)
            return await service.more_people_of_company(self._work, company_id, page)
        loader = self._loaders.get(first)
        if loader is None:

            async def load_all(company_ids: list[str]) -> list[PersonPage]:
                return await service.people_of_companies(self._work, company_ids, first)

            loader = self._loaders[first] = Batches(load_all, MAX_PEOPLE_OF_COMPANIES)
        return await loader.load(company_id)


class Wallets:
    """``PartnerCustomer.wallet`` of a request: those of many customers come by one query."""

    def __init__(self, work: Work):
        self._now = datetime.now(UTC)

        async def load_all(customer_ids: list[UUID]) -> list[WalletSummary | None]:
            account_id = work.caller.account_id
            return await summaries(work.stores.postgres, account_id, customer_ids, self._now)

        self._loader: Batches[UUID, WalletSummary | None] = Batches(load_all, MOST_AT_ONCE)

    async def load(self, customer_id: UUID) -> WalletView:
        """The wallet of one of the caller's customers.

        Raises ``not_found``.
        """
        found = await self._loader.load(customer_id)
        if found is None:
            raise no_customer()
        return found.wallet


MAX_ENTRIES_OF_WALLETS = 10_000
"""Entries that the wallets of one request may be asked for in all, each at most ``first``."""


class EntriesOfWallets:
    """``PartnerCustomer.walletEntries`` of a request: first pages come by one query."""

    def __init__(self, work: Work):
        self._work = work
        self._loaders: dict[int, Batches[UUID, Page[EntryRow]]] = {}
        self._asked = 0

    async def load(self, customer_id: UUID, first: int, after: str | None) -> Page[EntryRow]:
        """A page of a wallet's entries.

        Raises ``invalid_cursor``, and ``invalid_input`` for more than 10,000 in one request.
        """
        self._asked += first
        if self._asked > MAX_ENTRIES_OF_WALLETS:
            raise invalid(
                "first", f"entries of more than {MAX_ENTRIES_OF_WALLETS:,} in all; ask for fewer"
            )
        if after is not None:
            return await more_entries(self._work, customer_id, PageRequest(first, after))
        loader = self._loaders.get(first)
        if loader is None:

            async def load_all(customer_ids: list[UUID]) -> list[Page[EntryRow]]:
                return await first_entries(self._work, customer_ids, first)

            loader = self._loaders[first] = Batches(load_all, MOST_AT_ONCE)
        return await loader.load(customer_id)
