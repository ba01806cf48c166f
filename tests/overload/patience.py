"""Stores that end nothing by themselves: what ends there was ended by somebody.

Statements and queries may take ten minutes in place of five seconds, far longer than a test waits.
:mod:`tests.overload.patient_api` is a process with such stores.
"""

from typing import Any

import pytest

from api.stores import clickhouse, postgres

SECONDS = 600


def make_patient(patch: pytest.MonkeyPatch) -> None:
    """Lets statements and queries of this process take as long."""
    milliseconds = SECONDS * 1_000
    patch.setattr(postgres, "STATEMENT_TIMEOUT_MS", milliseconds)
    options: Any
    for options in (postgres._OPTIONS, postgres._SEARCH_OPTIONS):
        patch.setitem(options, "statement_timeout", str(milliseconds))
    usual = clickhouse.Profile.INTERACTIVE.value
    settings = {**usual.settings, "max_execution_time": SECONDS}
    patient = clickhouse.Limits(SECONDS, settings)
    patch.setattr(clickhouse.Profile.INTERACTIVE, "_value_", patient)
