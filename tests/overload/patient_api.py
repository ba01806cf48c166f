"""The API in a process whose stores end nothing by themselves (``tests.overload.patience``)."""

import pytest

from api.app import app
from tests.overload.patience import make_patient

__all__ = ["app"]

make_patient(pytest.MonkeyPatch())
