"""``RateLimit`` and ``RateLimit-Policy``, by the IETF draft: structured fields, one item a policy.

``q`` and ``r`` of the policy ``requests`` are requests; those of the others are in the unit that
the parameter ``stibnite-unit`` names, since the draft's registry has none for them. ``t`` is when
there is more than ``r``, and what ``Retry-After`` says where ``r`` was too little.
"""

from graph.context import Admission


def limit_headers(admission: Admission | None) -> list[tuple[bytes, bytes]]:
    """The two fields for an answer; none where the caller has no limits."""
    if admission is None or admission.grant is None or not admission.grant.standings:
        return []
    policies, limits = [], []
    for each in admission.grant.standings:
        name = each.policy.counts
        unit = "" if name == "requests" else f";stibnite-unit={_UNITS[name]}"
        policies.append(f'"{name}";q={each.policy.quota};w={each.policy.window_s}{unit}')
        limits.append(f'"{name}";r={each.remaining};t={each.more_in_s}')
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(limits).encode()),
    ]


_UNITS = {"cost": "points", "records": "records"}
