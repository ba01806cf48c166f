"""Free TCP ports on this machine."""

import random
import socket
from collections.abc import Collection

from api.embedded.errors import StackError

# Below every common range of ephemeral ports. Inside that range, a client that keeps trying a port
# whose server is down is one day given that very port as its own, connects to itself, and the
# server cannot come back.
_FIRST_PORT, _LAST_PORT = 20_000, 32_000
_ATTEMPTS = 200


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. A port in TIME_WAIT counts as free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Binding succeeds beside a socket that is bound too and does not listen yet; only
            # listening claims the port.
            probe.listen(1)
        except OSError:
            return False
    return True


def choose_port(host: str, preferred: int | None, taken: Collection[int]) -> int:
    """``preferred`` when it is still free, else another free port that is not in ``taken``.

    Raises:
        StackError: no free port was found.
    """
    if preferred is not None and preferred not in taken and is_free(host, preferred):
        return preferred
    for _ in range(_ATTEMPTS):
        port = random.randrange(_FIRST_PORT, _LAST_PORT)  # noqa: S311 - a port is no secret
        if port not in taken and is_free(host, port):
            return port
    raise StackError(f"No free port between {_FIRST_PORT} and {_LAST_PORT} was found on {host}.")
