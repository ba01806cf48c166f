"""People who signed in: who they are, and the end of their session."""

import strawberry

from api.caller import CallerKind, Role
from api.domain.sign_in import service
from graph.context import Context
from graph.operation import operation


@strawberry.type(description="A person who signed in.")
class ConsoleUser:
    """Projected from :class:`api.domain.sign_in.service.Profile`."""

    email: str = strawberry.field(description="The address that the person was invited under.")
    role: Role = strawberry.field(description="What the person may do.")
    account: str = strawberry.field(description="Name of the account.")


@strawberry.type(description="What the end of a session did.")
class EndedConsoleSession:
    """Projected from :class:`api.domain.sign_in.service.Ended`."""

    ended: bool = strawberry.field(description="True: the session's token is unknown from now on.")


@strawberry.type
class ConsoleQuery:
    """The queries about who signed in."""

    @operation(
        "Who is signed in, with which role, to which account.",
        returns=ConsoleUser,
        callers=(CallerKind.CONSOLE_USER,),
        role=Role.VIEWER,
    )
    async def console_user(self, info: strawberry.Info[Context, None]) -> service.Profile:
        """The caller."""
        return await service.profile(info.context.work)


@strawberry.type
class ConsoleMutation:
    """What ends a session."""

    @operation(
        "Ends the session whose token the request was sent with.",
        returns=EndedConsoleSession,
        callers=(CallerKind.CONSOLE_USER,),
        role=Role.VIEWER,
    )
    async def end_console_session(self, info: strawberry.Info[Context, None]) -> service.Ended:
        """Sign out."""
        return await service.end(info.context.work)
