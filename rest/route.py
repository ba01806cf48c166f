"""A row of the table (``rest/routes.py``): one REST operation, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# Arguments are snake_case in REST; those that Relay names otherwise have the documents' names.
RENAMES: Mapping[str, str] = MappingProxyType({"first": "limit", "after": "cursor"})

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One REST operation: ``operation`` is the GraphQL field that answers it.

    ``select`` are the members of the body: ``name`` takes the result's field of that (snake_case)
    name, ``name: other`` gives the field ``other`` under the documented name. A field that is an
    object or a list of objects brings all its plain fields along.

    Arguments of GET and DELETE come from path and query string, those of POST and PATCH from path
    and JSON body. ``leave_out`` names (snake_case) the optional arguments that only GraphQL offers,
    ``require`` those that REST insists on.

    ``from_pages`` lets pages of the origins of embed keys ask, by browsers' rules (``rest/cors``).

    ``chosen`` is a member of the body whose rows hold the columns that the request names in
    ``columns``, ``default_columns`` where it names none; the first of these is always there.

    A body of another ``media_type`` than JSON is written by ``rest/streams.py``, which is handed
    the selected members.
    """

    method: str
    path: str
    operation: str
    title: str
    select: tuple[str, ...]
    tag: str
    status: int = 200
    renames: Mapping[str, str] = field(default_factory=lambda: RENAMES)
    leave_out: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    from_pages: bool = False
    chosen: str | None = None
    default_columns: tuple[str, ...] = ()
    media_type: str = JSON
