"""Which URLs deliveries may be sent to, and which addresses connections may be made to."""

import pytest
from yarl import URL

from api.domain.delivery.rules import MAX_URL_CHARS, check_url, is_deliverable

TAKEN = {
    "https://customer.example/webhooks/stibnite": "customer.example",
    "https://customer.example": "customer.example",
    "https://customer.example?x=1": "customer.example",
    "HTTPS://Customer.EXAMPLE:8443/A?b=c%20d&e=[1]": "customer.example",
    "https://customer.example:443/": "customer.example",
    "https://xn--mnchen-3ya.example/": "xn--mnchen-3ya.example",
    "https://1.a.example/~u/;v=1,2/(x)!$'*+": "1.a.example",
    "https://" + ".".join(["a" * 63] * 3) + ".ab.example/": ".".join(["a" * 63] * 3)
    + ".ab.example",
}

REFUSED = [
    # other schemes, and what is no URL
    "http://customer.example/", "ftp://customer.example/", "//customer.example/",
    "customer.example", "https:customer.example", "https:/customer.example", "https:///x",
    "file:///etc/passwd", "javascript:alert(1)", "https://", "https://?", "", " ",
    # users
    "https://user@customer.example/", "https://user:pass@customer.example/",
    "https://customer.example@127.0.0.1/", "https://customer.example%40127.0.0.1/",
    "https://customer.example/@x", "https://127.0.0.1\\@customer.example/",
    # ports
    "https://customer.example:80/", "https://customer.example:22/", "https://customer.example:0/",
    "https://customer.example:6379/", "https://customer.example:99999/",
    "https://customer.example:0443/", "https://customer.example:/", "https://customer.example:x/",
    # addresses: dotted, decimal, octal, hexadecimal, short
    "https://127.0.0.1/", "https://8.8.8.8/", "https://2130706433/", "https://0177.0.0.1/",
    "https://017700000001/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://127.1/",
    "https://127.0.1/", "https://0/", "https://0.0.0.0/", "https://169.254.169.254/latest/",
    "https://0xa9fea9fe/", "https://2852039166/", "https://a.0x7f/", "https://customer.0x/",
    "https://127.0.0.1./", "https://1.2.3.4.5/", "https://255.255.255.255/",
    # IPv6: loopback, mapped, compatible, NAT64, 6to4, link-local with a zone
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::127.0.0.1]/",
    "https://[::ffff:7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fec0::1]/",
    "https://[2606:4700::1111]/", "https://[::1]:8443/", "https://[::1/", "https://::1/",
    # names without a dot, names of this network, dots in the wrong place
    "https://localhost/", "https://localhost./", "https://postgres/", "https://a.localhost/",
    "https://metadata.google.internal/", "https://printer.local/", "https://customer.example./",
    "https://.customer.example/", "https://customer..example/", "https://-a.example/",
    "https://a-.example/", "https://localhost.localdomain/", "https://a_b.example/",
    "https://" + "a" * 64 + ".example/", "https://" + "a." * 125 + "example/",
    # what looks like ASCII after normalisation
    "https://ⓛocalhost/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://customer。example/",
    "https://cuſtomer.example/", "https://\u212a.example/", "https://münchen.example/",
    "https://customer.example\u200b/", "https://customer%2eexample/", "https://%31%32%37.0.0.1/",
    # blanks, controls, other slashes, fragments, bad escapes
    " https://customer.example/", "https://customer.example/ ", "https://customer.example/a b",
    "https://customer.example/\n", "https://customer.example\r\nhost: x/", "https://cust\tomer.example/",
    "https://customer.example/\x00", "https:\\\\customer.example\\", "https://customer.example\\.evil/",
    "https://customer.example/#x", "https://customer.example#@127.0.0.1/",
    "https://customer.example/%", "https://customer.example/%zz", "https://customer.example/<x>",
    "https://customer.example/é", "https://customer.example/\ud800",
    "https://customer.example/" + "a" * (MAX_URL_CHARS - 24),
]  # fmt: skip


@pytest.mark.parametrize("url", TAKEN)
def test_public_https_urls_are_taken(url: str) -> None:
    """The host is the one that the client's own parser sees."""
    assert check_url(url) == TAKEN[url]
    assert (URL(url, encoded=True).raw_host or "").lower() == TAKEN[url]


def test_the_longest_url_is_taken() -> None:
    check_url("https://customer.example/" + "a" * (MAX_URL_CHARS - 25))


def test_enough_forms_are_refused() -> None:
    assert len(set(REFUSED)) >= 60


@pytest.mark.parametrize("url", REFUSED)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_url(url)


def test_a_refusal_never_repeats_what_it_refuses() -> None:
    for url in ("https://hidden:word@customer.example/", "http://hidden.example/word"):
        with pytest.raises(ValueError, match="must") as caught:
            check_url(url)
        assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9000/x", "http://127.0.0.1:9000/", "http://[::1]:9000/",
        "https://127.0.0.1/", "http://customer.example:8080/", "https://localhost",
    ],
)  # fmt: skip
def test_development_takes_plain_http_and_loopback(url: str) -> None:
    check_url(url, insecure=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/", "http://169.254.169.254/", "http://2130706433/", "http://0.0.0.0/",
        "ftp://localhost/", "http://u@localhost/", "http://[::ffff:10.0.0.1]/", "http://postgres/",
    ],
)  # fmt: skip
def test_development_takes_nothing_else(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_url(url, insecure=True)


PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
    "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
    "192.0.1.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "192.167.255.255",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2001:200::1",
]  # fmt: skip

NOT_PUBLIC = [
    # the edges of each refused range
    "0.0.0.0",  # noqa: S104 - an address to be refused
    "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254",
    "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.255",
    "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
    "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a9fe:a9fe", "::127.0.0.1",
    "::8.8.8.8", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:2::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3ffe::1", "3fff::1", "2620:4f:8000::1",
    "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1",
    "fec0::1", "feff::1", "ff02::1", "ff0e::1", "2606:4700::1%eth0",
    # what no resolver should give
    "", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.1.1.1 ", "1.1.1.1/32",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_connected_to(address: str) -> None:
    assert is_deliverable(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_is(address: str) -> None:
    assert not is_deliverable(address)


def test_development_connects_to_loopback_and_nothing_else_that_is_private() -> None:
    taken = {each for each in NOT_PUBLIC if is_deliverable(each, insecure=True)}
    assert {"127.0.0.1", "127.255.255.255", "::1"} <= taken
    assert all(each.startswith("127.") or each.endswith(("::1", ":127.0.0.1")) for each in taken)
    assert not is_deliverable("10.0.0.1", insecure=True)
