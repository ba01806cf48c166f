"""Files that are not what their names say, by the command: a sentence for its user, and no trace.

How each format is read, and every row that can be wrong, is tested in ``tests/load``.
"""

import gzip
import subprocess
from pathlib import Path

import pytest

from tests.stack import COMMAND, Stack

HEAD = b"company_id,name,domain\n"
ROWS = b"".join(b"hostile-%d,Hostile %d,hostile-%d.example\n" % (n, n, n) for n in range(200))


def _bomb() -> bytes:
    """200 MB of one line in 200 kB."""
    return gzip.compress(HEAD + b"x" * 200_000_000)


FILES: dict[str, tuple[str, bytes]] = {
    "bytes": ("a.csv", bytes(range(256)) * 400),
    "gzip that is cut short": ("a.csv.gz", gzip.compress(HEAD + ROWS)[:-20]),
    "a line that blows up": ("a.csv.gz", _bomb()),
    "Parquet that is none": ("a.parquet", b"PAR1" + b"\x00" * 100 + b"PAR1"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_refused_with_a_sentence(stack: Stack, tmp_path: Path, name: str) -> None:
    file_name, content = FILES[name]
    file = tmp_path / file_name
    file.write_bytes(content)
    done = subprocess.run(
        [
            *(*COMMAND, "load", "companies", str(file)),
            *("--data-dir", str(stack.data_dir), "--rejects", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = done.stdout + done.stderr
    assert "Traceback" not in told, told
    rejects = tmp_path / f"{file_name}.rejects.csv"
    assert done.returncode != 0 or rejects.exists(), told
    assert told.strip()
    with stack.client(stack.new_key()) as client:
        found = client.get("/v1/companies/hostile-1.example/people")
        assert found.json()["data"] == []
