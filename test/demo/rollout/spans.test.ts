import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Course, spanOf, spansOf, weightDuring } from '../../../src/demo/rollout/spans.js';
import { ended, heard } from '../../support/demo-rollout.js';

const COURSE: Course = {
  startedAt: 1_000,
  stoppedAt: 9_000,
  candidateReadyAt: 2_500,
  heard: [heard(2_000, 'step-1', 5, 'start'), heard(4_000, 'step-2', 25), heard(6_000, 'completed', 100)],
};

const spans = spansOf(COURSE);

function nameOf(begunAt: number, endedAt: number): string | undefined {
  return spanOf(spans, ended(0, [begunAt, endedAt], 'stable'))?.name;
}

describe('the spans of a rollout', () => {
  it('begin surely when their event was told, the first one when its workers were there', () => {
    expect(
      spans.map(({ name, weight, surelyFrom, surelyTo }) => [name, weight, surelyFrom, surelyTo]),
    ).toEqual([
      ['before', 0, 999, 2_000],
      ['step-1', 5, 2_500, 4_000],
      ['step-2', 25, 4_010, 6_000],
      ['completed', 100, 6_010, 9_001],
    ]);
  });

  it.each([
    [1_000, 1_999, 'before'],
    [1_990, 2_000, undefined],
    [2_100, 2_200, undefined],
    [2_501, 3_999, 'step-1'],
    [3_990, 4_000, undefined],
    [4_010, 4_020, undefined],
    [4_011, 4_020, 'step-2'],
    [6_011, 7_000, 'completed'],
    [8_999, 9_400, 'completed'],
  ])('say of a request from %d to %d that it belongs to %s', (begunAt, endedAt, name) => {
    expect(nameOf(begunAt, endedAt)).toBe(name);
  });

  it.each([
    [1_000, 1_999, 0],
    [1_990, 2_000, 5],
    [3_990, 4_000, 25],
    [4_005, 4_006, 25],
    [5_000, 5_010, 25],
    [5_000, 6_500, 100],
  ])('say of a request from %d to %d that at most %d %% were in force', (begunAt, endedAt, weight) => {
    expect(weightDuring(spans, ended(0, [begunAt, endedAt], 'failing'))).toBe(weight);
  });

  it('never claim a request for two of them, nor for one whose weight may not have been in force', () => {
    const time = fc.integer({ min: 1, max: 1_000 });
    const course = fc
      .array(fc.tuple(time, time, fc.integer({ min: 0, max: 100 })), { minLength: 1, maxLength: 5 })
      .map((steps): Course => {
        let at = 1_000;
        const events = steps.map(([gapMs, delayMs, weight], index) => {
          const event = heard(at + gapMs, `step-${index + 1}`, weight, 'schedule', delayMs);
          at = event.heardAt;
          return event;
        });
        return { startedAt: 1_000, stoppedAt: at + 500, candidateReadyAt: 0, heard: events };
      });
    fc.assert(
      fc.property(course, time, time, (given, after, tookMs) => {
        const all = spansOf(given);
        const request = ended(0, [1_000 + after, 1_000 + after + tookMs], 'stable');
        const claimed = all.filter((one) => spanOf([one, ...all.slice(-1)], request) === one);
        expect(claimed.length).toBeLessThanOrEqual(1);
        const span = spanOf(all, request);
        if (span !== undefined) expect(weightDuring(all, request)).toBeGreaterThanOrEqual(span.weight);
      }),
    );
  });
});
