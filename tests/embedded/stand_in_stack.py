"""``python -m tests.embedded.stand_in_stack DATA_DIR SERVICE...``: a real supervisor with the real
stores that no url replaces, and the named services; the API is the stand-in application.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from api.embedded.folder import DataFolder
from api.embedded.part import Part
from api.embedded.record import StackRecord
from api.embedded.run import run
from api.embedded.topology import Topology, build_topology
from api.logs import configure_logging
from api.settings import Settings

STAND_IN = "tests.embedded.stand_in_app:app"


def _topology(given: Settings, folder: DataFolder, former: StackRecord) -> Topology:
    full = build_topology(given, folder, former)
    wanted = [_with_stand_in(part) for part in full.services if part.name in sys.argv[2:]]
    return replace(full, services=tuple(wanted))


def _with_stand_in(part: Part) -> Part:
    argv = (STAND_IN if word == "api.app:app" else word for word in part.argv)
    return replace(part, argv=tuple(argv))


async def _prepare(_: Settings) -> None:
    sys.stdout.write("prepared\n")


def _ready(_: Settings, base_url: str) -> None:
    sys.stdout.write(f"ready {base_url}\n")
    sys.stdout.flush()


def _main() -> None:
    given = Settings(data_dir=Path(sys.argv[1]), port=0)
    configure_logging(given)
    asyncio.run(run(given, prepare=_prepare, on_ready=_ready, make_topology=_topology))


if __name__ == "__main__":
    _main()
