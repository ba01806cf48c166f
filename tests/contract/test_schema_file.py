"""The published contracts are files, and say what the code does."""

from pathlib import Path

from api.embed import MANIFEST
from graph import trusted
from graph.schema import schema
from rest.openapi import FILE, document, printed

ROOT = Path(__file__).parents[2]
REPAIR = "Run .venv/bin/stibnite schema and read the difference: it is a change of the contract."


def test_schema_graphql_is_the_printed_schema() -> None:
    committed = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert committed == f"{schema.as_str()}\n", REPAIR


def test_openapi_json_is_the_generated_document() -> None:
    assert FILE.read_bytes() == printed(), REPAIR


def test_what_passes_says_when_to_ask_again() -> None:
    """Always where there is too much to do; where a retry met the request it repeats, if it did."""
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            answers = {
                status: answer.get("headers", {}).get("Retry-After", {}).get("required", False)
                for status, answer in described["responses"].items()
                if "Retry-After" in answer.get("headers", {})
            }
            keyed = any(each["name"] == "Idempotency-Key" for each in described["parameters"])
            expected = {"429": True, "503": True} | ({"409": False} if keyed else {})
            assert answers == expected, (method, path)


def test_the_manifest_of_trusted_documents_is_the_generated_one() -> None:
    assert MANIFEST.read_bytes() == trusted.printed(), REPAIR


def test_they_are_marked_as_generated() -> None:
    marked = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    for name in (
        "api/embed/documents.json",
        "schema.graphql",
        "rest/openapi.json",
        "requirements.lock",
    ):
        assert f"{name} linguist-generated" in marked
