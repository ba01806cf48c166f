"""The model-backed interpreter against a real HTTP server that answers well, badly, late, not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiohttp import web

from api.domain.account.service import authenticate
from api.domain.company import search
from api.domain.interpreter.model import (
    ANSWER_BYTES_MAX,
    ModelEndpoint,
    companies_by_model,
    endpoint_of,
    persons_by_model,
)
from api.domain.interpreter.parser import interpret_companies, interpret_persons
from api.domain.interpreter.serialisation import as_json
from api.domain.person import preview
from api.domain.person.search import PersonSearch
from api.queue import TaskName
from api.settings import Settings
from api.work import Work, open_stores
from tests.stack import Stack

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]

QUESTION = "CEOs in Texas"
PARSED = interpret_persons(QUESTION)
UNDERSTOOD = {"roles": [{"role": "chef"}], "locations": [{"city": "Boise", "state": "ID"}]}


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handler)
        runner = web.AppRunner(app, shutdown_timeout=1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        return f"http://127.0.0.1:{port}/v1/chat/completions"

    yield start
    for runner in runners:
        await runner.cleanup()


def saying(content: Any, status: int = 200) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"choices": [{"message": {"content": content}}]}, status=status)

    return handler


async def read(url: str, timeout_seconds: float = 30.0) -> Any:
    endpoint = ModelEndpoint(url, "some-model", "secret-key", timeout_seconds)
    return await persons_by_model(endpoint, QUESTION, PARSED)


async def test_a_valid_answer_is_the_reading(serve: Serve) -> None:
    found = await read(await serve(saying(orjson.dumps(UNDERSTOOD).decode())))
    assert [term.role for term in found.roles] == ["chef"]
    assert [place.key for place in found.locations] == ["city:boise,ID"]


async def test_what_is_asked(serve: Serve) -> None:
    seen: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.headers["authorization"], await request.json()))
        return web.json_response({"choices": [{"message": {"content": "{}"}}]})

    await read(await serve(handler))
    ((authorization, body),) = seen
    assert authorization == "Bearer secret-key"
    assert body["model"] == "some-model"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"] == QUESTION
    assert "chief_executive" in body["messages"][0]["content"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "no JSON",
        "[]",
        '{"roles": [{"role": "king"}]}',
        '{"locations": [{"state": "ZZ"}]}',
        '{"filters": {"employee_count_min": -1}}',
        '{"sql": "DROP TABLE persons"}',
        None,
        7,
    ],
)
async def test_an_invalid_answer_leaves_the_parsers_reading(serve: Serve, content: Any) -> None:
    assert await read(await serve(saying(content))) == PARSED


async def test_a_broken_endpoint_leaves_the_parsers_reading(serve: Serve) -> None:
    valid = orjson.dumps(UNDERSTOOD).decode()

    async def redirects(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"location": "/elsewhere"})

    async def floods(_: web.Request) -> web.Response:
        return web.Response(body=b" " * (4 * ANSWER_BYTES_MAX) + b"{}")

    async def babbles(_: web.Request) -> web.Response:
        return web.Response(body=b'{"choices": []}')

    for handler in (saying(valid, 500), saying(valid, 401), redirects, floods, babbles):
        assert await read(await serve(handler)) == PARSED
    assert await read("http://127.0.0.1:9/v1/chat/completions") == PARSED


async def test_a_late_answer_is_not_waited_for(serve: Serve) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        asked.set()
        await never.wait()
        return web.Response()

    assert await read(await serve(handler), timeout_seconds=0.5) == PARSED
    assert asked.is_set()
    never.set()


async def test_a_place_beside_the_text_stays(serve: Serve) -> None:
    parsed = interpret_persons("CEOs", location_state="NV")
    endpoint = ModelEndpoint(await serve(saying(orjson.dumps(UNDERSTOOD).decode())), "m")
    found = await persons_by_model(endpoint, "CEOs", parsed, placed=True)
    assert found.filters.company_state == "NV"


async def test_companies(serve: Serve) -> None:
    parsed = interpret_companies("law firms")
    answer = as_json(interpret_companies("breweries in Idaho"))
    endpoint = ModelEndpoint(await serve(saying(orjson.dumps(answer).decode())), "m")
    found = await companies_by_model(endpoint, "law firms", parsed)
    assert [term.industry for term in found.industries] == ["brewery"]
    assert await companies_by_model(None, "law firms", parsed) is parsed


class NoQueue:
    """A look hands nothing to workers."""

    def put(self, task: TaskName, row_id: UUID) -> None:
        """Never called."""
        raise AssertionError(f"{task} {row_id} was queued")


async def test_both_free_looks_ask_the_model_and_count_what_it_says(
    serve: Serve, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = orjson.dumps({"industries": [{"industry": "law_firm"}]}).decode()
    url = await serve(saying(answer))
    asking = stack.settings.model_copy(update={"interpreter_url": url, "interpreter_model": "m"})
    for module in (search, preview):
        monkeypatch.setattr(module, "settings", lambda: asking)
    key = stack.new_key()
    async with open_stores(asking, NoQueue()) as stores:
        work = Work(stores, await authenticate(stores.postgres, key))
        companies = await search.preview(work, search.CompanySearch("companies in Texas"))
        people = await preview.preview(work, PersonSearch("CEOs in Texas"))
        plain = await search.preview(
            work, search.CompanySearch(None, {"industries": [{"key": "law_firm"}]})
        )
    assert [term.industry for term in companies.interpretation.industries] == ["law_firm"]
    assert companies.interpretation.locations == ()
    assert companies.total_records == plain.total_records > 0
    assert [term.industry for term in people.interpretation.industries] == ["law_firm"]
    assert people.interpretation.roles == ()


async def test_without_settings_nothing_is_asked() -> None:
    assert endpoint_of(Settings()) is None
    assert await persons_by_model(None, QUESTION, PARSED) is PARSED
    named = Settings(interpreter_url="http://127.0.0.1:9/x", interpreter_model="m")
    assert endpoint_of(named) == ModelEndpoint("http://127.0.0.1:9/x", "m", None, 5.0)
