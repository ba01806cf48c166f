"""The README's commands do what it says they do, to the letter of their output."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from api.errors import ErrorCode
from api.settings import Settings
from graph.errors import STATUS
from rest.routes import ROUTES
from tests.stack import WIDE_LIMITS, Stack, scratch_folder, start, stop

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ (curl [^\n]*)\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Stack]:
    """A first start, as a reader of the README has one."""
    with scratch_folder() as folder, pytest.MonkeyPatch.context() as environment:
        for name in WIDE_LIMITS:
            # As a reader has them.
            environment.setenv(name, str(default_of(name)))
        running = start(folder / "data")
        yield running
        assert stop(running.process) == 0


def default_of(variable: str) -> object:
    """What a setting is unless set."""
    return Settings.model_fields[variable.removeprefix("STIBNITE_").lower()].default


def test_the_settings_of_limits_are_as_the_readme_says() -> None:
    named = {each for each in WIDE_LIMITS if each.startswith("STIBNITE_LIMITS_")}
    for variable in (*named, "STIBNITE_LIMITS_LOCAL_SHARE"):
        (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{variable}` |")]
        assert f"`{default_of(variable)}`" in line, variable


def test_the_deadline_is_as_the_readme_says() -> None:
    variable = "STIBNITE_REQUEST_DEADLINE_S"
    assert f"{default_of(variable):g} seconds (`{variable}`)" in TEXT


def test_the_three_minutes_print_what_the_readme_shows(fresh: Stack) -> None:
    assert len(EXAMPLES) == 3
    for command, output in EXAMPLES:
        assert masked(run_curl(command, fresh)) == orjson.loads(output), command


def test_the_tour_of_organisations_finds_what_the_readme_says(fresh: Stack) -> None:
    tour = re.findall(r"^\| `(\{.*\})` \| (.*) \|$", TEXT, re.MULTILINE)
    assert len(tour) == 5
    key = (fresh.data_dir / "sample-key").read_text(encoding="ascii").strip()
    modes = []
    with fresh.client(key) as client:
        for body, names in tour:
            response = client.post("/v2/search", json=orjson.loads(body))
            assert response.status_code == 200, response.text
            assert [row["name"] for row in response.json()["data"]] == names.split(" · "), body
            modes.append(response.json()["metadata"]["mode"])
    assert modes == ["filter", "fulltext", "semantic", "vector_similarity", "hybrid"]


def run_curl(command: str, stack: Stack) -> Any:
    """Does what a curl command of the README does, against this stack."""
    key = (stack.data_dir / "sample-key").read_text(encoding="ascii").strip()
    words = shlex.split(command.replace("$(cat .stibnite/sample-key)", key))[1:]
    headers: dict[str, str] = {}
    parameters: dict[str, str] = {}
    url, body = "", None
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "--data-urlencode":
            name, _, value = words.pop(0).partition("=")
            parameters[name] = value
        elif word == "-d":
            body = words.pop(0).encode()
        elif word != "-G":
            url = word.replace("http://127.0.0.1:8000", stack.base_url)
    with httpx2.Client(headers=headers, timeout=30) as client:
        response = client.post(url, content=body) if body else client.get(url, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


def masked(value: Any) -> Any:
    """The value with its cursors as the README has them: each installation signs its own."""
    if isinstance(value, dict):
        return {
            name: "…" if name in {"next_cursor", "nextCursor"} and each else masked(each)
            for name, each in value.items()
        }
    return [masked(each) for each in value] if isinstance(value, list) else value


def test_every_code_and_route_is_in_the_readme() -> None:
    for code in ErrorCode:
        (line,) = [
            line for line in TEXT.splitlines() if line.startswith("|") and f"`{code}`" in line
        ]
        assert str(STATUS[code]) in line, code
    for row in ROUTES:
        (line,) = [each for each in TEXT.splitlines() if f"| `{row.method} {row.path}` |" in each]
        assert f"`{row.operation}`" in line, row.path


def test_the_two_commands_are_there() -> None:
    assert "make run" in TEXT
    assert "make test" in TEXT
    for target in re.findall(r"`make ([a-z]+)`", TEXT):
        makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
