import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RolloutDetails } from '../../../src/broker/rollouts/rollout-info.js';
import { RolloutProgress } from '../../../src/demo/rollout/progress.js';
import type { RolloutSnapshot } from '../../../src/demo/rollout/rollout-run.js';
import { ended, heard } from '../../support/demo-rollout.js';
import { Screen } from '../screen.js';

const NOW = 1_700_000_000_000;

/** 20 requests in the last two seconds, one of which failed, 15 of them of the old version. */
function snapshot(phase: RolloutSnapshot['phase'] = 'moving'): RolloutSnapshot {
  const recent = Array.from({ length: 20 }, (_, index) => {
    const at = NOW - 1_900 + 50 * index;
    return ended(index, [at, at + 20], index === 19 ? 'failing' : index < 15 ? 'stable' : 'candidate');
  });
  const details = {
    ...{ status: 'running', stage: 'step-2', mayStop: null, missing: '2.5 s of 6.7 s' },
    weights: { stable: 75, candidate: 25 },
    ...{ stable: { workers: { workers: 3 } }, candidate: { workers: { workers: 2 } } },
  } as unknown as RolloutDetails;
  const events = [heard(NOW - 5_000, 'step-1', 5, 'start'), heard(NOW - 2_500, 'step-2', 25)];
  const long = ended(99, [NOW - 9_000, NOW - 8_000], 'stable');
  return { phase, details, ended: [long, ...recent], heard: events };
}

function progressOn(screen: Screen): RolloutProgress {
  return new RolloutProgress(screen as unknown as NodeJS.WriteStream);
}

describe('the progress of a rollout', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  it('is a line for each version on a terminal, drawn over itself, and nothing in the end', () => {
    const screen = new Screen(120, 24);
    const progress = progressOn(screen);
    progress.start(() => snapshot());
    const bar = (cells: number) => '█'.repeat(cells) + '░'.repeat(30 - cells);
    expect(screen.lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['1.4.0 → 2.0.0: step-2 of 4, waits for 2.5 s of 6.7 s (Ctrl-C stops)'],
      ['version', 'share', 'calls/s', 'errors', 'p99 ms', 'workers'],
      ['1.4.0', bar(23), '75 %', '8', '0.0 %', '20.0', '3'],
      ['2.0.0', bar(8), '25 %', '3', '20.0 %', '20.0', '2'],
      ['new -> step-2, 25 % to 2.0.0, by schedule: because'],
    ]);
    vi.advanceTimersByTime(1_000);
    expect(screen.lines).toHaveLength(5);
    progress.stop();
    expect(screen.lines).toEqual([]);
    const { written } = screen;
    vi.advanceTimersByTime(1_000);
    expect(screen.written).toBe(written);
  });

  // The screen itself fails when a line wraps or it has to scroll.
  it.each([
    [40, 10],
    [10, 4],
    [2, 2],
  ])('fits into a terminal of %d columns and %d lines', (columns, rows) => {
    const screen = new Screen(columns, rows);
    const progress = progressOn(screen);
    progress.start(() => snapshot());
    vi.advanceTimersByTime(1_000);
    expect(screen.lines.length).toBeGreaterThan(0);
    progress.stop();
    expect(screen.lines).toEqual([]);
  });

  it('is a line for each step where there is no terminal, also for what came last', () => {
    const screen = new Screen(80, 24, false);
    const progress = progressOn(screen);
    let known = snapshot().heard.slice(0, 1);
    progress.start(() => ({ ...snapshot(), heard: known }));
    vi.advanceTimersByTime(1_000);
    const first = 'new -> step-1, 5 % to 2.0.0, by start: because\n';
    expect(screen.written).toBe(first);
    known = snapshot().heard.slice();
    progress.stop();
    expect(screen.written).toBe(`${first}new -> step-2, 25 % to 2.0.0, by schedule: because\n`);
  });
});
