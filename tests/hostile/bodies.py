"""Bytes in place of a JSON body, cursors in place of good ones, and header fields."""

DEEP = 100_000

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \n" * 1_000,
    "half an object": b"{",
    "half a text": b'{"query": "',
    "two values": b"{} {}",
    "not UTF-8": b'{"query": "\xff\xfe"}',
    "an overlong slash": b'{"query": "\xc0\xaf"}',
    "half a character": b'{"query": "\\ud800"}',
    "half a character as bytes": b'{"query": "\xed\xa0\x80"}',
    "nothing in a text": b'{"query": "\x00"}',
    "UTF-16": '{"query": "{ usage { requests } }"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no number": b'{"query": NaN}',
    "infinity": b'{"query": Infinity}',
    "below infinity": b'{"query": -Infinity}',
    "a number of 5,000 digits": b'{"query": ' + b"9" * 5_000 + b"}",
    "a number of 500,000 digits": b'{"query": ' + b"9" * 500_000 + b"}",
    "an exponent": b'{"query": 1e999999999}',
    "lists within lists": b"[" * DEEP + b"]" * DEEP,
    "lists that do not end": b"[" * DEEP,
    "objects within objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "lists within a member": b'{"query":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "lists within a variable": b'{"query": "{ usage { requests } }", "variables": {"a":'
    + b"[" * 900
    + b"]" * 900
    + b'}, "operationName": 1}',
    "comments": b"/* */ {}",
    "a trailing comma": b'{"query": "",}',
    "single quotes": b"{'query': ''}",
    "a control character": b'{"query": "\x01"}',
    "a form": b"query=%7B+usage+%7B+requests+%7D+%7D",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 100,
    "a script": b"<script>alert(1)</script>",
    "members without end": b"{" + b",".join(b'"a%d":1' % n for n in range(50_000)) + b"}",
    "one member 50,000 times": b"{" + b",".join([b'"query":"x"'] * 50_000) + b"}",
}
"""By what they are. Sent to every route that reads a body."""

CURSORS: dict[str, str] = {
    "empty": "",
    "one character": "A",
    "a thousand characters": "A" * 1_000,
    "one more": "A" * 1_001,
    "no base64": "!!!!",
    "padding": "====",
    "spaces": "    ",
    "another alphabet": "курсор",
    "nothing": "\x00",
    "a newline": "a\nb",
    "half a character": "\udcff",
    "a path": "../../etc/passwd",
    "SQL": "' OR 1=1; --",
    "JSON": '{"after": 1}',
    "a token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    "a pickle": "gASVIAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAVsb2NhbJSFlFKULg",
}

HEADERS: dict[str, list[tuple[bytes, bytes]]] = {
    "a key of 60,000 characters": [(b"x-api-key", b"x" * 60_000)],
    "a key that is almost one": [(b"x-api-key", b"stib_live_" + b"A" * 42)],
    "a key with a blank": [(b"x-api-key", b"stib_live_ " + b"A" * 42)],
    "a key in another alphabet": [(b"x-api-key", "ключ".encode())],
    "a key that is not UTF-8": [(b"x-api-key", b"\xff\xfe\xfd")],
    "two keys": [(b"x-api-key", b"a"), (b"x-api-key", b"b")],
    "a token of 60,000 characters": [(b"authorization", b"Bearer " + b"a" * 60_000)],
    "a token of three parts": [(b"authorization", b"Bearer a.b.c")],
    "a token without a signature": [
        (b"authorization", b"Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhIn0.")
    ],
    "a token of dots": [(b"authorization", b"Bearer " + b"." * 10_000)],
    "another scheme": [(b"authorization", b"Basic YTpi")],
    "a scheme alone": [(b"authorization", b"Bearer")],
    "a token and a key": [(b"authorization", b"Bearer a.b.c"), (b"x-api-key", b"a")],
    "a token of an object of objects": [
        (b"authorization", b"Bearer " + b"eyJhIjp7" * 2_000 + b".e30.AA")
    ],
}
"""Header fields of requests for what needs credentials: each is to be answered 401."""
