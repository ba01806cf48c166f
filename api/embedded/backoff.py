"""How long to wait before a part is started again."""

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
FORGIVEN_AFTER_S = 60.0


class Backoff:
    """0.2 s, doubled at each failure up to 10 s, and 0.2 s again after a healthy minute."""

    def __init__(self) -> None:
        self._next_s = FIRST_DELAY_S

    def failed(self, healthy_for_s: float) -> float:
        """The delay in seconds before the next start.

        ``healthy_for_s`` is how long the part had been healthy before this failure; 0 if never.
        """
        if healthy_for_s >= FORGIVEN_AFTER_S:
            self._next_s = FIRST_DELAY_S
        delay = self._next_s
        self._next_s = min(self._next_s * 2, LONGEST_DELAY_S)
        return delay
