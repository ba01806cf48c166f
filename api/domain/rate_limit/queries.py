"""The scripts by which all processes share one account of what was used: each runs as one step.

A subject has a hash (``at`` in microseconds, and what is used up of each policy at that moment) and
an estimating set of the records it was shown in the running window. Both go by themselves.
"""

import time
from collections.abc import Collection, Sequence
from typing import Any

from redis.asyncio import Redis

from api.domain.rate_limit.rules import EPSILON, Counted, Policy

# Numbers are written out in full: Lua's own way shortens microseconds to 14 digits.
_TAKE = """
local now = tonumber(ARGV[1])
if now == 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or now)
local passed = math.max(0, now - at)
local fits, used, longest = true, {}, 0
for i = 3, #ARGV, 4 do
  local name, quota = ARGV[i], tonumber(ARGV[i + 1])
  local window, amount = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local had
  if name == 'records' then
    had = redis.call('PFCOUNT', KEYS[2])
  else
    had = tonumber(redis.call('HGET', KEYS[1], name) or 0)
    had = math.max(0, had - passed * quota / window)
    longest = math.max(longest, window)
  end
  fits = fits and (amount == 0 or had + amount <= quota + tonumber(ARGV[2]))
  used[#used + 1] = had
end
local answer = {fits and 1 or 0}
for i = 1, #used do
  local name, amount = ARGV[4 * i - 1], tonumber(ARGV[4 * i + 2])
  if fits and name ~= 'records' then
    used[i] = used[i] + amount
    redis.call('HSET', KEYS[1], name, string.format('%.17g', used[i]))
  end
  answer[#answer + 1] = string.format('%.17g', used[i])
end
if fits and longest > 0 then
  redis.call('HSET', KEYS[1], 'at', string.format('%.0f', math.max(now, at)))
  redis.call('PEXPIRE', KEYS[1], math.ceil(longest / 1000) + 1000)
end
return answer
"""

_SETTLE = """
local cost = redis.call('HGET', KEYS[1], 'cost')
if cost then
  cost = math.max(0, tonumber(cost) + tonumber(ARGV[1]))
  redis.call('HSET', KEYS[1], 'cost', string.format('%.17g', cost))
end
if #ARGV > 2 then
  for first = 3, #ARGV, 1000 do
    redis.call('PFADD', KEYS[2], unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  return {string.format('%.17g', cost or 0), redis.call('PFCOUNT', KEYS[2])}
end
return {string.format('%.17g', cost or 0)}
"""


async def take(
    redis: Redis,
    subject: str,
    policies: Sequence[Policy],
    amounts: Sequence[int],
    now_us: int | None = None,
) -> tuple[bool, list[float]]:
    """Takes an amount of each policy, or of none where one has not enough left.

    Gives whether it did, and how much of each is used up. The time is the server's, unless given.
    """
    arguments: list[Any] = [now_us or 0, EPSILON]
    for policy, amount in zip(policies, amounts, strict=True):
        arguments += [policy.counts.value, policy.quota, policy.window_s * 1_000_000, amount]
    keys = _keys(subject, policies, now_us)
    done, *used = await redis.register_script(_TAKE)(keys, arguments)
    return bool(done), [float(each) for each in used]


async def settle(
    redis: Redis,
    subject: str,
    policies: Sequence[Policy],
    cost: int,
    records: Collection[str],
    now_us: int | None = None,
) -> tuple[float, int | None]:
    """Adds to the cost (less than 0: gives back), and notes records that were shown.

    Gives the cost that is used up, and the number of different records where any were noted.
    """
    window_s = max(
        (each.window_s for each in policies if each.counts is Counted.RECORDS), default=0
    )
    noted = records if window_s else ()
    keys = _keys(subject, policies, now_us)
    used, *seen = await redis.register_script(_SETTLE)(keys, [cost, window_s + 60, *noted])
    return float(used), int(seen[0]) if seen else None


def records_window_left_s(policy: Policy, now_us: int | None = None) -> int:
    """Seconds until records are counted afresh."""
    return policy.window_s - int(_seconds(now_us)) % policy.window_s


def _keys(subject: str, policies: Sequence[Policy], now_us: int | None) -> list[str]:
    # In braces: the keys of one subject are on one node of a cluster.
    window = max((each.window_s for each in policies if each.counts is Counted.RECORDS), default=1)
    return [f"limit:{{{subject}}}", f"limit:{{{subject}}}:seen:{int(_seconds(now_us)) // window}"]


def _seconds(now_us: int | None) -> float:
    return time.time() if now_us is None else now_us / 1_000_000
