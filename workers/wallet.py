"""The books are checked every hour, in the background of a worker process."""

from celery import shared_task

from api.domain.wallet import ledger
from workers.periodic import every
from workers.runtime import runtime

CHECK = "workers.wallet.check"
_CHECK_EVERY_S = 3_600.0


@shared_task(name=CHECK)  # type: ignore[untyped-decorator]
def check() -> None:
    """Logs whether the books are right."""
    runtime().drain(CHECK, ledger.log_ledger)


every(_CHECK_EVERY_S, CHECK)
