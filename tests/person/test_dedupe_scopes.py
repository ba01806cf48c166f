"""Which requests share a scope, and what may name one."""

from uuid import UUID, uuid4

import pytest

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.interpreter.parser import interpret_persons
from api.domain.person.delivered import MAX_TOKEN_CHARS, dedupe_scope
from api.errors import DomainError, ErrorCode

ACCOUNT = uuid4()


def digest(
    q: str, campaign: str = "spring", user: str | None = None, account: UUID = ACCOUNT
) -> bytes:
    return dedupe_scope(account, campaign, user, interpret_persons(q))


@pytest.mark.parametrize(
    "q",
    [
        "ceos in nevada",
        "give me 500 CEOs in Nevada, please",
        "Chief Executive Officers in NV",
        "nevada CEO",
    ],
)
def test_the_same_criteria_in_other_words_share_a_scope(q: str) -> None:
    assert digest(q) == digest("CEOs in Nevada")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CEOs and CFOs in Nevada", "CFOs and CEOs in Nevada"),
        ("CEOs in Nevada or Idaho", "CEOs in Idaho or Nevada"),
    ],
)
def test_the_order_of_terms_does_not_matter(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "q",
    [
        "CFOs in Nevada",
        "CEOs in Idaho",
        "CEOs in Las Vegas, NV",
        "CEOs in Nevada with 50+ employees",
        "CEOs of law firms in Nevada",
        "growth hackers in Nevada",
        "everyone who works in Nevada",
    ],
)
def test_other_criteria_have_another(q: str) -> None:
    assert digest(q) != digest("CEOs in Nevada")


def test_token_user_and_account_make_scopes_of_their_own() -> None:
    q = "CEOs in Nevada"
    digests = [
        digest(q),
        digest(q, "autumn"),
        digest(q, "spring", "ada"),
        digest(q, "spring", "eve"),
        digest(q, "ada", "spring"),
        digest(q, account=uuid4()),
        digest(q, "spring", "ada", account=uuid4()),
    ]
    assert len(set(digests)) == len(digests)


def test_spellings_of_the_same_characters_are_the_same_name() -> None:
    q = "CEOs in Nevada"
    assert digest(q, "caf\u00e9") == digest(q, " cafe\u0301 ")
    assert digest(q, "Spring") != digest(q, "spring")


@pytest.mark.parametrize("text", ["x" * MAX_TOKEN_CHARS, "ünïcode ✓ 漢字", "a b/c:d@e"])
def test_names_within_the_bounds(text: str) -> None:
    assert len(digest("CEOs in Nevada", text, text)) == 32


@pytest.mark.parametrize(
    "text", ["", "   ", "x" * (MAX_TOKEN_CHARS + 1), "a\x00b", "a\nb", "\x7f", "\ud800"]
)
def test_names_beyond_them(text: str) -> None:
    for argument, token, user in (
        ("dedupe_token", text, None),
        ("dedupe_user_id", "spring", text),
    ):
        with pytest.raises(DomainError) as caught:
            dedupe_scope(ACCOUNT, token, user, PersonInterpretation())
        assert caught.value.code is ErrorCode.INVALID_INPUT
        assert caught.value.problems[0].argument == argument
