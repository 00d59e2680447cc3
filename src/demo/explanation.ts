import type { Contribution } from './network.js';

/** What most contributes to a score, as tokens: `feature3`, `+0.42`, and so on, `count` of them at most. */
export function* explanationTokens(
  contributions: readonly Contribution[],
  count: number,
): Generator<string, void, undefined> {
  for (const [index, { feature, amount }] of contributions.entries()) {
    if (2 * index >= count) return;
    yield `feature${feature}`;
    if (2 * index + 1 >= count) return;
    yield `${amount < 0 ? '' : '+'}${amount.toFixed(2)}`;
  }
}
