import { describe, expect, it } from 'vitest';
import { accountFor } from '../../../src/demo/rollout/account.js';
import type { EndedRequest } from '../../../src/demo/rollout/commands.js';
import { KeySides } from '../../../src/demo/rollout/key-sides.js';
import { spansOf } from '../../../src/demo/rollout/spans.js';
import { ended, heard } from '../../support/demo-rollout.js';

const keys = new KeySides({
  ...{ name: 'scorer-2', subject: 'models.score', variants: [] },
  ...{ assign: { key: 'key-or-id', salt: 'scorer-2' }, default: 'stable' },
});

/** Half of the requests go to the candidate from 1,000 to 2,000, then all. */
const spans = spansOf({
  ...{ startedAt: 0, stoppedAt: 3_000, candidateReadyAt: 0 },
  heard: [heard(1_000, 'step-1', 50, 'start', 0), heard(2_000, 'completed', 100, 'schedule', 0)],
});

/** Numbers of requests whose keys belong to a version while half of all do. */
function belonging(side: 'stable' | 'candidate', count: number): number[] {
  const numbers: number[] = [];
  for (let number = 0; numbers.length < count; number++) {
    if (keys.sideOf(`user-${number}`, 50) === side) numbers.push(number);
  }
  return numbers;
}

const old = belonging('stable', 40);
const young = belonging('candidate', 60);

const DURING = [1_100, 1_200] as const;

function accountOf(requests: readonly EndedRequest[]) {
  return accountFor(requests, spans, keys);
}

describe('the account of requests', () => {
  it('has those of each step by version, and how far their share is from the plan', () => {
    const { steps, judged, elsewhere, answered } = accountOf([
      ended(0, [10, 20], 'stable'),
      ...old.map((number) => ended(number, DURING, 'stable')),
      ...young.map((number) => ended(number, DURING, 'candidate')),
      ended(0, [2_100, 2_200], 'candidate'),
    ]);
    expect(
      steps.map(({ name, planned, requests, stable, candidate }) => [
        name,
        planned,
        requests,
        stable,
        candidate,
      ]),
    ).toEqual([
      ['before', 0, 1, 1, 0],
      ['step-1', 50, 100, 40, 60],
      ['completed', 100, 1, 0, 1],
    ]);
    // 10 more than 50 of 100 draws, whose standard deviation is 5.
    expect(steps.map(({ sigmas }) => sigmas)).toEqual([undefined, 2, undefined]);
    expect([judged, elsewhere]).toEqual([102, 0]);
    expect(answered).toEqual({ stable: 41, candidate: 61 });
  });

  it('finds requests that a version answered to which their keys do not belong', () => {
    const { elsewhere, judged } = accountOf([
      ended(old[0]!, DURING, 'candidate'),
      ended(young[0]!, DURING, 'stable'),
      ended(young[1]!, DURING, 'candidate'),
      // Nobody knows whether this one was before the step or in it.
      ended(young[2]!, [990, 1_010], 'stable'),
    ]);
    expect([elsewhere, judged]).toEqual([2, 3]);
  });

  it('finds failures beyond the share of the candidate', () => {
    const { failed, failedElsewhere, steps } = accountOf([
      ended(old[0]!, DURING, 'failing'),
      ended(young[0]!, DURING, 'failing'),
      ended(young[1]!, [990, 1_010], 'failing'),
      ended(young[2]!, [500, 510], 'failing'),
    ]);
    expect(failed).toEqual({ INTERNAL: 4 });
    expect(failedElsewhere).toBe(2);
    expect(steps[1]).toMatchObject({ requests: 2, stable: 1, candidate: 1, failed: 2 });
  });

  it('finds users who met the old version after the new one', () => {
    const [key] = ['somebody'];
    const at = (begunAt: number, side: 'stable' | 'candidate') =>
      ended(begunAt, [begunAt, begunAt + 50], side, { key, returning: begunAt > 0 });
    expect(accountOf([at(0, 'stable'), at(100, 'candidate'), at(200, 'candidate')]).wentBack).toBe(0);
    expect(accountOf([at(0, 'stable'), at(100, 'candidate'), at(200, 'stable')]).wentBack).toBe(1);
    // Of two at the same time neither is after the other.
    expect(accountOf([at(100, 'candidate'), at(120, 'stable')]).wentBack).toBe(0);
  });

  it('draws users once: who returns is no draw of his own', () => {
    const again = { key: `user-${young[0]}`, returning: true };
    const { steps, returning, judged } = accountOf([
      ended(young[0]!, DURING, 'candidate'),
      ended(1_000, DURING, 'candidate', again),
    ]);
    expect([steps[1]!.requests, returning, judged]).toEqual([1, 1, 2]);
  });
});
