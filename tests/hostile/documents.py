"""GraphQL documents that ask for more work than they are long."""

from typing import Any

USAGE = "{ usage { requests } }"


def chain(links: int, times: int = 2) -> str:
    """Fragments that each spread the next one several times: the work doubles with each link."""
    spread = "".join(["...F{0} "] * times)
    return (
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ {spread.format(n + 1)} }}" for n in range(links))
        + f" fragment F{links} on Query {{ usage {{ requests }} }}"
    )


def _nested(text: str, times: int, inner: str = "__typename") -> str:
    return "{ " + text * times + inner + " }" * times + " }"


_TYPE = "ofType { kind name "
_CONNECTION = "nodes { company { people(first: 500) { "

DOCUMENTS: dict[str, str] = {
    "a chain of 25 fragments": chain(25),
    "a chain of 80 fragments": chain(80),
    "a chain of 150 fragments": chain(150),
    "fragments in a circle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a fragment of itself": "{ ...A } fragment A on Query { usage { requests } ...A }",
    "fragments of one name": "{ ...A } " + "fragment A on Query { usage { requests } } " * 150,
    "fragments that nobody uses": USAGE
    + " ".join(f"fragment U{n} on Query {{ usage {{ requests }} }}" for n in range(150)),
    "a thousand aliases": "{ "
    + " ".join(f"a{n}: usage {{ requests }}" for n in range(1_000))
    + "}",
    "300 aliases": "{ " + " ".join(f"a{n}: usage {{ requests }}" for n in range(300)) + "}",
    "a thousand times one field": "{ usage { " + "requests " * 1_000 + "} }",
    "as many equal objects as fit": "{ " + "usage { requests } " * 490 + "}",
    "directives without end": "{ usage " + "@include(if: true) " * 300 + "{ requests } }",
    "unknown directives": "{ usage { requests " + "@a " * 900 + "} }",
    "a megabyte of tokens": "{ " + "a " * 499_000 + "}",
    "a megabyte of braces": "{" * 999_000,
    "a megabyte of one name": "{ " + "x" * 999_000 + " }",
    "a megabyte of one number": "{ domains(first: " + "9" * 999_000 + ") { nodes { domain } } }",
    "a megabyte of a word": '{ personSearch(q: "' + "x" * 990_000 + '") { billableRecords } }',
    "a megabyte of a block": '{ personSearch(q: """'
    + "\n x" * 330_000
    + '""") { billableRecords } }',
    "a megabyte of comments": "#x\n" * 333_000 + USAGE,
    "a megabyte of commas": "," * 999_000 + "{",
    "a megabyte of quotes": '{ personSearch(q: "' + '" "' * 330_000,
    "levels without end": _nested("usage { ", 900),
    "inline fragments without end": _nested("... { ", 900),
    "30 levels": _nested("a { ", 30),
    "lists within lists": "{ organisationFetch(domains: "
    + "[" * 900
    + "]" * 900
    + ") { nodes { domain } } }",
    "objects within objects": "{ organisationSearch(filters: "
    + "{country: " * 400
    + "1"
    + "}" * 400
    + ") { nodes { domain } } }",
    "pages within pages": '{ personSearch(q: "CEOs") { '
    + _CONNECTION * 4
    + "billableRecords "
    + "} } } " * 4
    + "} }",
    "a page of a billion": '{ personSearch(q: "CEOs", first: 1000000000) { billableRecords } }',
    "a page beyond numbers": '{ personSearch(q: "CEOs", first: '
    + "9" * 20
    + ") { billableRecords } }",
    "a page below nothing": '{ personSearch(q: "CEOs", first: -1) { billableRecords } }',
    "the schema of the schema": "{ __schema { types { "
    + "fields { type { " * 3
    + "name "
    + "} " * 9,
    "the schema fifty times": "{ "
    + " ".join(
        f"s{n}: __schema {{ types {{ fields {{ args {{ type {{ {_TYPE * 3} {'}' * 3} }} }} }} }} }}"
        for n in range(50)
    )
    + " }",
    "types of types": "{ __schema { types { " + _TYPE * 200 + "}" * 200 + " } } }",
    "names like others, twenty times a hundred": "{ "
    + " ".join(f"usag{n}" for n in range(480))
    + " }",
    "many operations": " ".join(f"query Q{n} {{ usage {{ requests }} }}" for n in range(200)),
    "operations of one name": "query Q { usage { requests } } " * 15,
    "variables without end": "query (" + " ".join(f"$v{n}: Int" for n in range(450)) + ") " + USAGE,
    "a variable of a list of lists": "query ($v: " + "[" * 300 + "Int" + "]" * 300 + ") " + USAGE,
    "no document": "",
    "white space": " \n\t,,, ",
    "a mark at the beginning": "\ufeff" * 3,
    "half a document": "{ usage {",
    "an empty selection": "{ }",
    "an escape that is none": '{ personSearch(q: "\\u{110000}") { billableRecords } }',
    "half a character": '{ personSearch(q: "\\ud800") { billableRecords } }',
    "nothing in a text": '{ personSearch(q: "CEOs\\u0000") { billableRecords } }',
    "a type system": "type Query { a: Int }",
    "a subscription of two": "subscription { a: personSearchJobUpdates(jobId: 1) { status }"
    " b: personSearchJobUpdates(jobId: 1) { status } }",
    "deferred": "{ ... @defer { usage { requests } } }",
    "streamed": "{ domains { nodes @stream { domain } } }",
    "a private field": "{ __usage }",
    "an argument of every name": "{ usage("
    + " ".join(f"a{n}: 1" for n in range(400))
    + ") { requests } }",
}
"""By what they are. None of them can be answered; each is to be refused, and soon."""

REQUESTS: dict[str, Any] = {
    "a batch": [{"query": USAGE}],
    "a batch of a thousand": [{"query": USAGE}] * 1_000,
    "a number": 1,
    "nothing": None,
    "no query": {},
    "a query that is none": {"query": [USAGE]},
    "a document's name that is none": {"documentId": "sha256:" + "0" * 64},
    "variables that are a list": {"query": USAGE, "variables": [1]},
    "variables that are a text": {"query": USAGE, "variables": "{}"},
    "a name that is a number": {"query": USAGE, "operationName": 1},
    "a name that nobody has": {"query": USAGE, "operationName": "x" * 100_000},
    "a variable of the wrong kind": {
        "query": "query ($n: Int!) { domains(first: $n) { nodes { domain } } }",
        "variables": {"n": "1"},
    },
    "a variable beyond numbers": {
        "query": "query ($n: Int!) { domains(first: $n) { nodes { domain } } }",
        "variables": {"n": 10**18},
    },
    "a list of 20,000": {
        "query": "query ($d: [String!]!) { organisationFetch(domains: $d) { nodes { domain } } }",
        "variables": {"d": ["a.example"] * 20_000},
    },
    "a list of wrong ones": {
        "query": "query ($d: [String!]!) { organisationFetch(domains: $d) { nodes { domain } } }",
        "variables": {"d": [1] * 20_000},
    },
    "a text of half a megabyte": {
        "query": "query ($q: String) { personSearch(q: $q) { billableRecords } }",
        "variables": {"q": "CEO " * 125_000},
    },
    "filters of everything": {
        "query": "query ($f: OrganisationFilters) { organisationSearch(filters: $f) "
        "{ nodes { domain } } }",
        "variables": {"f": {f"unknown_{n}": n for n in range(5_000)}},
    },
}
"""Bodies that are JSON, and no request that can be answered."""
