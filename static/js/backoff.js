// When to try again (E1), as chat/policy/backoff.py defines it; tests/shared/backoff.json holds both to it.

export const BACKOFF = { initial: 500, factor: 2, cap: 60000, attempts: 10, jitter: 0.3 };

// Milliseconds after the given number of failed attempts; null: give up. `random` gives 0 up to 1.
export function delay(failures, random = Math.random, rule = BACKOFF) {
  if (failures >= rule.attempts) return null;
  const base = Math.min(rule.cap, rule.initial * rule.factor ** Math.min(failures - 1, 64));
  return Math.round(base * (1 - rule.jitter + 2 * rule.jitter * random()));
}

// A connection is tried for ever: the pause stays at the cap.
export const patience = (failures, random = Math.random) => delay(Math.min(failures, BACKOFF.attempts - 1), random);
