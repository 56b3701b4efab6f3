"""The buckets all processes share, in Redis: a level and the time it was true at, told by Redis's own clock.

A bucket that is full is forgotten, so there are only those of people who were there lately. When Redis forgets them
all, everyone begins with a full one.
"""

from dataclasses import dataclass
from typing import Any

from chat.policy.rate import Rate

# ARGV, for each key: tokens a second, most, owed, want, least. What is owed is taken in any case; of what is wanted
# as much as there is, if that is `least` or more. Answers, for each key: granted, and left.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local answers = {}
for n, key in ipairs(KEYS) do
  local at = (n - 1) * 5
  local per_s, most = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local owed, want, least = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local known = redis.call('HMGET', key, 'level', 'at')
  local level = most
  if known[1] then
    level = math.min(most, tonumber(known[1]) + math.max(0, now - tonumber(known[2])) * per_s)
  end
  level = math.max(level - owed, -most)
  local granted = math.max(0, math.min(want, level))
  if granted < least then granted = 0 end
  level = level - granted
  redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%.6f', now))
  redis.call('PEXPIRE', key, math.ceil((most - level) / per_s * 1000) + 1000)
  answers[#answers + 1] = string.format('%.6f', granted)
  answers[#answers + 1] = string.format('%.6f', level)
end
return answers
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """On one bucket."""

    key: str
    rate: Rate
    owed: float = 0.0
    want: float = 0.0
    least: float = 0.0


def arguments(claims: list[Claim]) -> list[Any]:
    """Of EVAL, after the script."""
    values = [str(value) for each in claims for value in _values(each)]
    return [len(claims), *(each.key for each in claims), *values]


def answers(found: Any) -> list[tuple[float, float]]:
    """Granted and left, of each claim."""
    numbers = [float(each) for each in found]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _values(claim: Claim) -> tuple[float, ...]:
    return claim.rate.per_s, claim.rate.most, claim.owed, claim.want, claim.least
