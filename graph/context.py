"""What resolvers are handed: the work of one request, with its caller."""

from dataclasses import dataclass, field

from starlette.requests import Request

from api.domain.account.service import authenticate
from api.work import Stores, Work
from graph.loaders import PeopleOfCompanies, SimilarOrganisations

API_KEY_HEADER = "x-api-key"


@dataclass(frozen=True, slots=True)
class Context:
    """Made once per request, by either door."""

    work: Work
    request_id: str
    similar_organisations: SimilarOrganisations = field(init=False)
    people_of_companies: PeopleOfCompanies = field(init=False)

    def __post_init__(self) -> None:
        """Gives the request its loaders."""
        object.__setattr__(self, "similar_organisations", SimilarOrganisations(self.work))
        object.__setattr__(self, "people_of_companies", PeopleOfCompanies(self.work))


async def open_context(request: Request) -> Context:
    """The context of an HTTP request: its key, when it sends one, becomes the caller.

    Raises ``unauthenticated`` for a key that is unknown or revoked.
    """
    stores: Stores = request.app.state.stores
    key = request.headers.get(API_KEY_HEADER)
    identity = None if key is None else await authenticate(stores.postgres, key)
    if identity is not None:
        request.scope["caller"] = identity
    return Context(Work(stores, identity), request.scope["request_id"])
