"""Origins: what partners give becomes what browsers say, and nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.embed.origins import MAX_ORIGIN_CHARS, origin_of, origins_of

ORIGINS = [
    ("https://partner.example", "https://partner.example"),
    ("https://partner.example/", "https://partner.example"),
    ("https://partner.example/app/prospects?tab=1#top", "https://partner.example"),
    ("https://partner.example?x=https://evil.example/", "https://partner.example"),
    ("https://partner.example#@evil.example", "https://partner.example"),
    ("HTTPS://Partner.EXAMPLE/App", "https://partner.example"),
    ("https://partner.example:443", "https://partner.example"),
    ("https://partner.example:8443/app", "https://partner.example:8443"),
    ("https://app.eu.partner.example:65535", "https://app.eu.partner.example:65535"),
    ("https://bücher.example/laden", "https://xn--bcher-kva.example"),
    ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
    ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ("https://straße.example", "https://xn--strae-oqa.example"),
    ("https://partner。example", "https://partner.example"),
    ("https://ｐａｒｔｎｅｒ.example", "https://partner.example"),
]

REFUSED = [
    "",
    "partner.example",
    "//partner.example",
    "http://partner.example",
    "ftp://partner.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "null",
    "*",
    "https://*",
    "https://*.partner.example",
    "https://partner.*",
    "https:partner.example",
    "https:///partner.example",
    "https://",
    "https://user@partner.example",
    "https://user:secret@partner.example",
    "https://partner.example@evil.example",
    "https://partner.example\\@evil.example",
    "https://evil.example\\.partner.example",
    "https://partner.example/\\evil",
    "https://partner.example:",
    "https://partner.example:0",
    "https://partner.example:065",
    "https://partner.example:65536",
    "https://partner.example:99999",
    "https://partner.example:https",
    "https://partner.example:443:443",
    "https://partner.example.",
    "https://.partner.example",
    "https://partner..example",
    "https://-partner.example",
    "https://part_ner.example",
    "https://partner",
    "https://localhost",
    "https://partner.localhost",
    "https://printer.local",
    "https://vault.internal",
    "https://93.184.216.34",
    "https://127.0.0.1",
    "https://127.1",
    "https://0x7f.1",
    "https://2130706433",
    "https://0177.0.0.1",
    "https://partner.example.0x1",
    "https://１２７.0.0.1",
    "https://127。0。0。1",
    "https://[::1]",
    "https://[2606:2800:220:1:248:1893:25c8:1946]",
    "https://[::ffff:127.0.0.1]",
    "https://[fe80::1%25eth0]",
    "https://[partner.example]",
    "https://partner%2eexample",
    "https://partner.example%00.evil.example",
    "https://partner .example",
    " https://partner.example",
    "https://partner.example\n",
    "https://partner\u200b.exa\u0000mple",
    "https://\ud800.example",
    "https://" + "a" * 64 + ".example",
    "https://" + "a." * 130 + "example",
    "https://partner.example, https://evil.example",
    "https://partner.example/" + "x" * MAX_ORIGIN_CHARS,
]


@pytest.mark.parametrize(("page", "origin"), ORIGINS)
def test_a_page_becomes_its_origin(page: str, origin: str) -> None:
    assert origin_of(page) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize("page", REFUSED)
def test_what_is_no_public_https_page_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|has)") as refused:
        origin_of(page)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("page", "origin"),
    [
        ("http://localhost:3000/app", "http://localhost:3000"),
        ("http://127.0.0.1:8000/embed/demo", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[0:0:0:0:0:0:0:1]:8000/", "http://[::1]:8000"),
        ("http://partner.example", "http://partner.example"),
    ],
)
def test_the_insecure_switch_takes_http_and_loopback(page: str, origin: str) -> None:
    assert origin_of(page, insecure=True) == origin


@pytest.mark.parametrize("page", ["http://192.168.1.5", "http://10.0.0.1:8000", "http://0.0.0.0"])
def test_but_no_other_address(page: str) -> None:
    with pytest.raises(ValueError, match="public host"):
        origin_of(page, insecure=True)


def test_the_same_origin_is_kept_once() -> None:
    pages = ["https://b.example/x", "https://a.example", "https://b.example:443/y"]
    assert origins_of(pages) == ["https://b.example", "https://a.example"]


@given(st.text(max_size=80).map(lambda text: f"https://partner.example{text}"))
def test_nothing_that_follows_the_name_makes_another_host_of_it(page: str) -> None:
    """Either the page is refused, or its origin is that of the name that people read."""
    try:
        origin = origin_of(page)
    except ValueError:
        return
    rest = page.removeprefix("https://partner.example")
    assert origin == "https://partner.example" or rest[:1] not in {"", "/", "?", "#"}
    assert "@" not in origin
    assert origin.isascii()


@given(st.text(max_size=60))
def test_any_text_is_refused_or_gives_what_stays_as_it_is(text: str) -> None:
    try:
        origin = origin_of(text, insecure=True)
    except ValueError:
        return
    assert origin_of(origin, insecure=True) == origin
