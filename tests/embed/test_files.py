"""What browsers are served: exact policies on every page, and nothing from anywhere else."""

import re
from pathlib import Path

import httpx2
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, validate

from api.caller import CallerKind
from api.embed import DOCUMENTS
from graph.directives import Callers
from graph.schema import schema
from graph.trusted import trusted_documents
from tests.embed.keys import ORIGIN, PATH, created
from tests.stack import Asker, Stack

STATIC = DOCUMENTS.parent / "static"


def frame(stack: Stack, public_key: str | None) -> httpx2.Response:
    parameters = {} if public_key is None else {"partner_key": public_key}
    with stack.client(None) as browser:
        return browser.get("/embed/frame", params=parameters)


def policy(response: httpx2.Response) -> dict[str, str]:
    parts = response.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (each.partition(" ") for each in parts)}


def test_exactly_the_keys_origins_may_hold_the_frame(stack: Stack, partner: Asker) -> None:
    pages = [f"{ORIGIN}/app", "https://bücher.example:8443"]
    page = frame(stack, created(partner, allowed_origins=pages)["public_key"])
    assert page.status_code == 200
    assert policy(page) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "object-src": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
        "frame-ancestors": f"{ORIGIN} https://xn--bcher-kva.example:8443",
    }
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert f'content="{ORIGIN} https://xn--bcher-kva.example:8443"' in page.text
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert scripts == ['<script type="module" src="/embed/static/frame.js">']
    assert not re.search(
        r"\son\w+=|style=|https?:", page.text.replace(ORIGIN, "").split("sprite")[1]
    )


@pytest.mark.parametrize("kind", ["none", "unknown", "revoked", "no key", "longer"])
def test_without_an_active_key_nobody_may(stack: Stack, partner: Asker, kind: str) -> None:
    made = created(partner)
    if kind == "revoked":
        partner.http.delete(f"{PATH}/{made['embed_key']['id']}")
    public_key = {
        "none": None,
        "unknown": "stib_embed_pk_" + "a" * 32,
        "no key": "<script>",
        "longer": made["public_key"] + "a",
    }.get(kind, made["public_key"])
    page = frame(stack, public_key)
    assert page.status_code == 403
    assert policy(page)["frame-ancestors"] == "'none'"
    assert ORIGIN not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_the_loader_is_for_every_page(stack: Stack) -> None:
    with stack.client(None) as browser:
        loader = browser.get("/embed/loader.js")
    assert loader.headers["content-type"].startswith("text/javascript")
    assert loader.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-origin" not in loader.headers


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.[cj]s*")), ids=lambda path: path.name)
def test_no_file_asks_for_anything_elsewhere(stack: Stack, path: Path) -> None:
    """Nor reads markup from a text, nor sends a message to whoever may be there."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"https?://[^\s\"'`]+", text)
    assert {each for each in found if "stibnite.example" not in each} <= {
        "http://www.w3.org/2000/svg"
    }
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", text)
    assert not re.search(r"postMessage\([^)]*[\"']\*[\"']", text)
    with stack.client(None) as browser:
        served = browser.get(f"/embed/static/{path.name}")
        again = browser.get(
            f"/embed/static/{path.name}", headers={"if-none-match": served.headers["etag"]}
        )
    assert served.text == text
    assert served.headers["x-content-type-options"] == "nosniff"
    assert again.status_code == 304


def test_trusted_documents_are_valid_and_ask_what_embed_tokens_may(stack: Stack) -> None:
    for text in trusted_documents().values():
        document = parse(text)
        assert validate(schema._schema, document) == []
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                root = schema._schema.get_root_type(operation.operation)
                (asked,) = operation.selection_set.selections
                assert root is not None
                assert isinstance(asked, FieldNode)
                declared = root.fields[asked.name.value].extensions["strawberry-definition"]
                (callers,) = (each for each in declared.directives if isinstance(each, Callers))
                assert callers.kinds == [CallerKind.EMBED_TOKEN]
    with stack.client(None) as browser:
        script = browser.get("/embed/documents.js").text
    assert set(re.findall(r"sha256:[0-9a-f]{64}", script)) == set(trusted_documents())
    assert set(re.findall(r'"(\w+)":"sha256', script)) == {
        each.stem for each in DOCUMENTS.glob("*.graphql")
    }


def test_an_unknown_document_is_refused_to_all(asker: Asker) -> None:
    for body in (
        {"documentId": "sha256:" + "0" * 64},
        {"documentId": 7},
        {"documentId": next(iter(trusted_documents())), "query": "{ usage { requests } }"},
    ):
        answer = asker.http.post("/graphql", json=body)
        assert answer.status_code == 422
    trusted = asker.http.post(
        "/graphql",
        json={
            "documentId": next(
                each for each, text in trusted_documents().items() if "Wallet" in text
            )
        },
    )
    assert trusted.json()["errors"][0]["extensions"]["code"] == "forbidden"


def test_the_demo_is_there_where_the_command_starts_everything(stack: Stack) -> None:
    with stack.client(None) as browser:
        page = browser.get("/embed/demo")
        assert page.status_code == 200
        (key,) = re.findall(r'data-partner-key="(stib_embed_pk_[\w-]+)"', page.text)
        assert policy(page)["frame-ancestors"] == "'none'"
        inner = browser.get("/embed/frame", params={"partner_key": key})
        session = browser.post(
            "/v1/prospecting/embed-sessions",
            json={"partner_key": key, "customer_id": "demo-customer"},
            headers={"origin": stack.base_url},
        )
    assert stack.base_url in policy(inner)["frame-ancestors"].split(" ")
    assert session.status_code == 201


def test_and_nowhere_else(open_stack: Stack) -> None:
    """An API that was started by itself."""
    with open_stack.client(None) as browser:
        assert browser.get("/embed/demo").status_code == 404
