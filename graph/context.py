"""What resolvers are handed: the work of one request, with its caller."""

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection, Request

from api.domain.rate_limit.service import Grant, RateLimiter
from api.errors import DomainError, ErrorCode
from api.work import Stores, Work
from graph.credentials import identify, sent_by
from graph.loaders import EntriesOfWallets, PeopleOfCompanies, SimilarOrganisations, Wallets


@dataclass(slots=True)
class Admission:
    """What a request was granted, and what it cost (``graph.admission``)."""

    grant: Grant | None = None
    requested: int = 0
    actual: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """Made once per request, by either door."""

    work: Work
    request_id: str
    address: str = ""
    """Where the request comes from, as far as is known."""
    admission: Admission = field(default_factory=Admission)
    similar_organisations: SimilarOrganisations = field(init=False)
    people_of_companies: PeopleOfCompanies = field(init=False)
    wallets: Wallets = field(init=False)
    entries_of_wallets: EntriesOfWallets = field(init=False)

    def __post_init__(self) -> None:
        """Gives the request its loaders."""
        object.__setattr__(self, "similar_organisations", SimilarOrganisations(self.work))
        object.__setattr__(self, "people_of_companies", PeopleOfCompanies(self.work))
        object.__setattr__(self, "wallets", Wallets(self.work))
        object.__setattr__(self, "entries_of_wallets", EntriesOfWallets(self.work))


async def open_context(request: Request) -> Context:
    """The context of an HTTP request: its credentials, when it sends some, become the caller.

    Raises ``unauthenticated`` for credentials that are not good, and ``rate_limited`` for many.
    """
    stores: Stores = request.app.state.stores
    sent, address = sent_by(request.headers), address_of(request)
    try:
        identity = await identify(stores, sent)
    except DomainError as failure:
        await count_failed_sign_in(stores.limiter, address, failure)
        raise
    if identity is not None:
        request.scope["caller"] = identity
    work = Work(stores, identity, sent.origin)
    context = Context(work, request.scope["request_id"], address)
    request.scope["admission"] = context.admission
    return context


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from; behind a proxy that the server trusts, where it came from."""
    return "" if connection.client is None else connection.client.host


async def count_failed_sign_in(limiter: RateLimiter, address: str, failure: DomainError) -> None:
    """Counts credentials that are none; raises ``rate_limited`` where an address sends too many.

    Good credentials from that address work as before: a customer may share it with the others.
    """
    if failure.code is ErrorCode.UNAUTHENTICATED:
        await limiter.take(limiter.subjects.failed_sign_in(address), 0, shows_records=False)
