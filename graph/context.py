"""What resolvers are handed: the work of one request, with its caller."""

from dataclasses import dataclass, field

from starlette.requests import Request

from api.work import Stores, Work
from graph.credentials import identify, sent_by
from graph.loaders import EntriesOfWallets, PeopleOfCompanies, SimilarOrganisations, Wallets


@dataclass(frozen=True, slots=True)
class Context:
    """Made once per request, by either door."""

    work: Work
    request_id: str
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

    Raises ``unauthenticated`` for credentials that are not good.
    """
    stores: Stores = request.app.state.stores
    sent = sent_by(request.headers)
    identity = await identify(stores, sent)
    if identity is not None:
        request.scope["caller"] = identity
    return Context(Work(stores, identity, sent.origin), request.scope["request_id"])
