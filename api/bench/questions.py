"""The questions of ``stibnite bench persons``: many, varied, and by the way they are served."""

import itertools
import random
from collections.abc import Mapping

from api.bench.doors import PAGE, Doors

QUESTIONS_OF_ROLES = 80
# Fewer say nothing about a strategy.
QUESTIONS_MIN = 10
# Most questions about small places have less than a page of answers: no use in asking them all.
TRIES_OF_ROLES = 250

# Roles of the taxonomy, of the dictionary, and titles that no dictionary has.
ROLES = (
    (
        "CEOs", "owners", "partners", "attorneys", "real estate agents", "insurance agents",
        "financial advisors", "doctors", "brokers",
    ),
    (
        "CFOs", "CMOs", "CTOs", "presidents", "VPs of sales", "directors of marketing",
        "HR managers", "software engineers", "decision makers", "nurses",
    ),
    (
        "production planners", "field technicians", "process technicians", "process engineers",
        "manufacturing engineers", "medical technologists",
    ),
)  # fmt: skip
COMPANIES = (
    "", " of software companies", " of law firms", " of restaurants", " of marketing agencies",
    " of manufacturing companies", " of construction companies", " of insurance agencies",
    " of real estate brokerages", " of healthcare practices",
)  # fmt: skip
PLACES = ("", " in Nevada", " in Texas", " in California", " in Florida", " in New York")
SIZES = ("", " with 50+ employees")


def broad() -> list[str]:
    """Questions about a role alone: those with most answers."""
    return list(itertools.chain(*ROLES))


async def choose(doors: Doors) -> Mapping[str, list[str]]:
    """Questions that fill a page in this market, by strategy; the same ones in every run.

    Raises ``RuntimeError`` where hardly any does: the market is too small.
    """
    draw = random.Random(7)  # noqa: S311 - an order, not a secret
    chosen: dict[str, list[str]] = {}
    for roles in ROLES:
        questions = ["".join(x) for x in itertools.product(roles, COMPANIES, PLACES, SIZES)]
        draw.shuffle(questions)
        found = 0
        for q in questions[:TRIES_OF_ROLES]:
            served = await doors.strategy(q)
            if served is not None and served[1] == PAGE:
                chosen.setdefault(served[0], []).append(q)
                found += 1
            if found == QUESTIONS_OF_ROLES:
                break
    enough = {name: qs for name, qs in sorted(chosen.items()) if len(qs) >= QUESTIONS_MIN}
    if not enough:
        raise RuntimeError("Too few questions fill a page: measure with more persons.")
    return enough
