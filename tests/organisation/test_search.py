"""The modes of organisation search, on organisations whose right answers are known."""

from typing import Any

import numpy as np
import psycopg
import pytest

from api.stores.tables import BM25_INDEX
from tests.organisation import made
from tests.organisation.conftest import Search, domains, walk
from tests.stack import Asker, Stack

MADE = {"source": ["made"]}


def trade(name: str) -> set[str]:
    return {f"{name}-{number:02d}.example" for number in range(made.EACH)}


class TestWords:
    """Keywords: AND, OR, NOT and phrases; text, and nothing but text."""

    @pytest.mark.parametrize(
        ("keywords", "expected"),
        [
            ({"must_any": ["bakery"]}, trade("bakery")),
            ({"must_any": ["BAKERY", "freight"]}, trade("bakery") | trade("trucking")),
            ({"must_all": ["bread", "bakery"]}, trade("bakery")),
            ({"must_all": ["bread", "freight"]}, set()),
            (
                {"must_all": ["crypto"], "must_any": ["Munich", "Porto"]},
                {f"crypto-{n:02d}.example" for n in range(16) if n % 4 in (0, 2)},
            ),
            (
                {"must_any": ["solar"], "must_not": ["Munich", "Dublin"]},
                {f"solar-{n:02d}.example" for n in range(16) if n % 4 in (1, 2)},
            ),
            ({"must_any": ["renewable energy"]}, trade("solar")),
            ({"must_any": ["energy renewable"]}, set()),
            ({"must_any": ["panel"]}, trade("solar")),
        ],
    )
    def test_lists_combine_as_documented(
        self, search: Search, keywords: dict[str, Any], expected: set[str]
    ) -> None:
        body = search(keywords=keywords, filters=MADE, size=500)
        assert set(domains(body)) == expected
        assert body["metadata"]["total_hits"] == len(expected)
        assert body["metadata"]["mode"] == "fulltext"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("the who", "thewho.example"),
            ("The", "thewho.example"),
            ("C++", "cplusplus.example"),
            ('and (Rust OR "zig")', "cplusplus.example"),
            ("東京", "tokyo.example"),
            ("自動車", "tokyo.example"),
            ("cafe muller", "cafe.example"),
            ("CAFÉ", "cafe.example"),
            ("привет", "privet.example"),
        ],
    )
    def test_text_of_any_kind_is_found_as_text(
        self, search: Search, text: str, expected: str
    ) -> None:
        body = search(keywords={"must_all": [text]}, filters={"source": ["odd"]})
        assert domains(body) == [expected]

    @pytest.mark.parametrize(
        "text",
        [
            "***",
            '"',
            "(",
            "\\",
            "a:b~2^3 AND",
            "name:payroll",
            "[a TO z]",
            "-",
            "+nobody -",
            "/.*/",
            "'; drop table organisations; --",
            "%",
            "ǁ",
            "🙂",
            "\u200b",
        ],
    )
    def test_operators_are_no_operators(self, search: Search, text: str) -> None:
        for keywords in ({"must_any": [text]}, {"must_all": [text]}):
            assert search(keywords=keywords, filters=MADE)["data"] == []
        kept = search(keywords={"must_any": ["bakery"], "must_not": [text]}, filters=MADE)
        assert len(kept["data"]) == made.EACH

    def test_new_rows_are_in_the_index_itself(self, organisations: Stack) -> None:
        """And not in a segment that each query has to take apart."""
        assert organisations.settings.database_url is not None
        with psycopg.connect(organisations.settings.database_url) as connection:
            found = connection.execute(
                "select bool_or(mutable), sum(num_docs) from paradedb.index_info(%s)", [BM25_INDEX]
            ).fetchone()
        assert found is not None
        assert found[0] is False
        assert found[1] >= made.CROWD

    def test_phrases_do_not_reach_from_one_part_into_the_next(self, search: Search) -> None:
        odd = {"source": ["odd"]}
        for inside in ("quartz lantern", "harbour fox", "violet engine"):
            found = search(keywords={"must_any": [inside]}, filters=odd)
            assert domains(found) == ["apart.example"]
        for across in ("lantern harbour", "fox violet"):
            assert search(keywords={"must_any": [across]}, filters=odd)["data"] == []

    def test_equal_scores_are_in_the_order_of_their_domains_on_all_pages(
        self, search: Search
    ) -> None:
        asked = {"keywords": {"must_any": ["crowd"]}, "filters": {"source": ["crowd"]}}
        found = walk(search, **asked, size=250, columns=["domain"])
        assert found == [f"crowd-{number:05d}.example" for number in range(made.CROWD)]
        body = search(**asked, size=1)
        assert body["metadata"]["total_hits"] == made.CROWD


class TestMeaning:
    """Descriptions and references, by the product's own model."""

    @pytest.mark.parametrize(
        ("describe", "wanted"),
        [
            ("companies that bake bread", "bakery"),
            ("heart doctors and hospitals", "clinic"),
            ("paying salaries to staff", "payroll"),
            ("logistics: moving goods by lorry", "trucking"),
        ],
    )
    def test_a_description_finds_its_trade(
        self, search: Search, describe: str, wanted: str
    ) -> None:
        body = search(describe=describe, filters=MADE, size=made.EACH)
        assert set(domains(body)) == trade(wanted)
        assert body["metadata"]["mode"] == "semantic"
        assert body["metadata"]["total_hits"] == made.EACH * len(made.TRADES)

    def test_a_reference_finds_its_trade_and_never_itself(self, search: Search) -> None:
        body = search(similar_to=["https://Solar-05.example"], size=made.EACH - 1)
        assert set(domains(body)) == trade("solar") - {"solar-05.example"}
        assert body["metadata"]["mode"] == "vector_similarity"

    def test_several_references_are_fused_by_their_ranks(self, search: Search) -> None:
        references = ["solar-05.example", "bakery-05.example"]
        shares: dict[str, list[float]] = {}
        for reference in references:
            others = [each for each in references if each != reference]
            alone = search(similar_to=[reference], excludes=others, filters=MADE, size=500)
            for rank, domain in enumerate(domains(alone), 1):
                shares.setdefault(domain, []).append(1 / (60 + rank))
        found = domains(search(similar_to=references, filters=MADE, size=500))
        assert set(found) == set(shares)
        sums = [round(sum(shares[domain]), 12) for domain in found]
        assert sums == sorted(sums, reverse=True)

    def test_steering_moves_towards_and_away(self, search: Search) -> None:
        def place(reference: dict[str, Any], name: str) -> float:
            body = search(similar_to=[reference], filters=MADE, size=500)
            found = domains(body)
            return float(np.mean([found.index(each) for each in trade(name)]))

        plain = {"domain": "crypto-00.example"}
        assert place({**plain, "boost": ["bread and cakes"], "weight": "strong"}, "bakery") < place(
            plain, "bakery"
        )
        pushed = {**plain, "penalize": ["bitcoin"], "repel_domains": ["crypto-01.example"]}
        near = {"domain": "crypto-00.example", "weight": 2.0}
        assert place({**near, "penalize": ["bitcoin"]}, "clinic") < place(plain, "clinic")
        assert search(similar_to=[pushed], filters=MADE)["data"]

    def test_weights_in_words_are_numbers_and_zero_changes_nothing(self, search: Search) -> None:
        def found(**steering: Any) -> list[str]:
            reference = {"domain": "solar-00.example", "boost": ["freight"], **steering}
            return domains(search(similar_to=[reference], filters=MADE, size=50))

        for word, number in (("weak", 0.5), ("normal", 1), ("strong", 2.0)):
            assert found(weight=word) == found(weight=number)
        assert found() == found(weight="normal")
        assert found(weight=0) == domains(
            search(similar_to=["solar-00.example"], filters=MADE, size=50)
        )

    def test_a_floor_cuts_and_counts(self, search: Search) -> None:
        whole = search(similar_to=["solar-00.example"], filters=MADE, size=500)
        close = search(similar_to=["solar-00.example"], filters=MADE, size=500, min_score=0.8)
        assert domains(close) == domains(whole)[: len(close["data"])]
        assert close["metadata"]["total_hits"] == len(close["data"]) < len(whole["data"])
        none = search(describe="solar panels", filters=MADE, min_score=1)
        assert none["data"] == []
        assert none["metadata"]["total_hits"] == 0

    def test_excludes_and_dedup(self, search: Search) -> None:
        found = domains(
            search(
                similar_to=["solar-00.example"],
                excludes=["solar-03.example"],
                filters=MADE,
                dedup=True,
                size=500,
            )
        )
        assert not {"solar-00.example", "solar-03.example"} & set(found)
        assert len(found) == 8 * len(made.TRADES)


class TestHybrid:
    """Words and meaning together."""

    def test_both_lists_have_a_say(self, search: Search) -> None:
        body = search(
            keywords={"must_any": ["freight"]}, describe="bread and cakes", filters=MADE, size=32
        )
        assert set(domains(body)) == trade("trucking") | trade("bakery")
        assert body["metadata"]["mode"] == "hybrid"
        assert body["metadata"]["total_hits"] == made.EACH * len(made.TRADES)

    @pytest.mark.parametrize(("balance", "first"), [(0.0, "trucking"), (1.0, "bakery")])
    def test_the_balance_leans(self, search: Search, balance: float, first: str) -> None:
        body = search(
            keywords={"must_any": ["freight"]},
            describe="bread and cakes",
            filters=MADE,
            search_balance=balance,
            size=made.EACH,
        )
        assert set(domains(body)) == trade(first)

    def test_words_that_must_not_be_there_are_not_there_by_either_list(
        self, search: Search
    ) -> None:
        body = search(
            keywords={"must_any": ["freight"], "must_not": ["cakes"]},
            describe="bread and cakes",
            filters=MADE,
            size=500,
        )
        assert not trade("bakery") & set(domains(body))
        assert len(body["data"]) == made.EACH * (len(made.TRADES) - 1)

    def test_the_floor_holds_for_what_only_words_found(self, search: Search) -> None:
        body = search(
            keywords={"must_any": ["freight"]},
            describe="bread and cakes from our own bakery",
            filters=MADE,
            min_score=0.4,
            size=500,
        )
        assert set(domains(body)) == trade("bakery")

    def test_with_references(self, search: Search) -> None:
        body = search(
            keywords={"must_any": ["freight"]}, similar_to=["solar-00.example"], filters=MADE
        )
        assert body["metadata"]["mode"] == "hybrid"
        assert set(domains(body)[:31]) == (trade("trucking") | trade("solar")) - {
            "solar-00.example"
        }


class TestCrowd:
    """Vectors by the thousand: the index is walked, and narrow filters keep full recall."""

    @pytest.mark.parametrize(
        ("filters", "kept"),
        [
            ({"source": ["crowd"]}, lambda number: True),
            ({"region": ["Half 1"]}, lambda number: number % 2 == 1),
            ({"district": ["Corner"]}, lambda number: number % made.CROWD_EVERY == 0),
            (
                {"district": ["Corner"], "region": ["Half 1"]},
                lambda number: False,
            ),
        ],
    )
    def test_recall(self, search: Search, filters: dict[str, Any], kept: Any) -> None:
        vectors = made.crowd_vectors()
        chosen = [number for number in range(made.CROWD) if kept(number) and number != 17]
        similarity = vectors[chosen] @ vectors[17]
        best = [f"crowd-{chosen[at]:05d}.example" for at in np.argsort(-similarity)]
        body = search(
            similar_to=["crowd-00017.example"], filters=filters, size=100, columns=["domain"]
        )
        found = domains(body)
        assert len(found) == min(100, len(chosen))
        # The index is approximate where it is walked; where few rows fit, all are compared.
        least = 0.95 if len(chosen) > 2_500 else 1.0
        assert len(set(found) & set(best[:100])) >= least * len(found)
        assert len(set(found[:10]) & set(best[:10])) >= least * len(found[:10])

    @pytest.mark.parametrize(
        "body",
        [
            {"similar_to": ["crowd-00017.example"], "filters": {"source": ["crowd"]}},
            {
                "similar_to": ["crowd-00017.example", "crowd-00018.example"],
                "filters": {"region": ["Half 0"]},
            },
            {
                "describe": "anything",
                "keywords": {"must_any": ["crowd"]},
                "filters": {"source": ["crowd"]},
            },
        ],
    )
    def test_a_walk_meets_every_row_once(self, search: Search, body: dict[str, Any]) -> None:
        found = walk(search, **body, size=500, columns=["domain"])
        fitting = {
            row["domain"]
            for row in made.crowd()
            if all(row[name] in values for name, values in body["filters"].items())
        } - set(body.get("similar_to", ()))
        assert len(found) == len(set(found))
        assert set(found) == fitting
        small = walk(search, **body, size=487, columns=["domain"])
        assert small == found


def test_explain_is_for_tier_3(search: Search, asker: Asker, top_tier: Asker) -> None:
    body = {"keywords": {"must_any": ["solar"]}, "describe": "sun", "explain": True}
    refused = asker.http.post("/v2/search", json=body)
    assert refused.status_code == 403
    assert refused.json()["code"] == "tier_required"
    plan = top_tier.http.post("/v2/search", json=body).json()["metadata"]["explain_plan"]
    assert any("ParadeDB Scan" in line for line in plan)
    assert any("Execution Time" in line for line in plan)
    assert search(describe="sun")["metadata"]["explain_plan"] is None


def test_searches_count_and_cost_nothing(search: Search, asker: Asker) -> None:
    search(describe="sun")
    search(filters=MADE)
    assert asker.usage() == {"requests": 2, "billable_records": 0}
