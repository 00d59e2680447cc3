import { describe, expect, it } from 'vitest';
import type { Figures } from '../../src/demo/figures.js';
import type { RunResult } from '../../src/demo/pipeline.js';
import { STAGES } from '../../src/demo/stages.js';
import { summarize } from '../../src/demo/summary.js';
import { summaryText } from '../../src/demo/summary-text.js';
import { ModwireError } from '../../src/errors.js';

const PLAIN = { bold: String, dim: String, red: String, green: String };
const LATENCY = { p50: 500, p99: 1_500, p999: 12_345, max: 123_456 };
const [WORKER_0, WORKER_1, JOIN, PREDICTIONS, FEEDBACK] = STAGES.map(({ name }) => name) as [
  string,
  string,
  string,
  string,
  string,
];

const tally = (frames: number) => ({ frames, bytes: 1_000 * frames });
const received = (frames: number, gaps = 0) => ({ ...tally(frames), gaps, latency: LATENCY });

/** A run of ten requests, six of them of worker 0, in which all is well; `changes` by process. */
function result(
  changes: Readonly<Record<string, Partial<Figures>>> = {},
  rest: Partial<RunResult> = {},
): RunResult {
  const process = (name: string, figures: Partial<Figures>): Figures => ({
    published: {},
    delivered: {},
    waits: 0,
    problems: [],
    ...figures,
    ...changes[name],
  });
  return {
    phase: 'ended',
    seconds: 2,
    brokerUrl: 'ws://127.0.0.1:1',
    transport: 'uws',
    broker: { admitted: 30, refused: 0 },
    figures: {
      gateway: process('gateway', {
        published: { 'features.0': tally(6), 'features.1': tally(4) },
        delivered: { [FEEDBACK]: received(10) },
        requests: { sent: 10, answered: 10, unexpected: 0, unanswered: [] },
        lateness: LATENCY,
        waits: 2,
      }),
      'worker 0': process('worker 0', {
        published: { predictions: tally(6) },
        delivered: { [WORKER_0]: received(6) },
      }),
      'worker 1': process('worker 1', {
        published: { predictions: tally(4) },
        delivered: { [WORKER_1]: received(4) },
        waits: 1,
      }),
      feedback: process('feedback', {
        published: { feedback: tally(10) },
        delivered: { [JOIN]: received(10), [PREDICTIONS]: received(10) },
        join: { joined: 10, broken: 0, waiting: 0 },
      }),
    },
    failure: undefined,
    interrupted: false,
    dead: [],
    outputs: [],
    ...rest,
  };
}

describe('the summary', () => {
  it('holds the counts of publishers against those of consumers', () => {
    const summary = summarize(result());
    expect(summary).toMatchObject({ ok: true, exitCode: 0, problems: [], waits: 3, latenessMicros: LATENCY });
    const counts = summary.stages.map(({ stage, published, delivered, lost, gaps }) => [
      stage,
      published,
      delivered,
      lost,
      gaps,
    ]);
    expect(counts).toEqual([
      [WORKER_0, 6, 6, 0, 0],
      [WORKER_1, 4, 4, 0, 0],
      [JOIN, 10, 10, 0, 0],
      [PREDICTIONS, 10, 10, 0, 0],
      [FEEDBACK, 10, 10, 0, 0],
    ]);
    expect(summary.stages[2]).toMatchObject({
      framesPerSecond: 5,
      bytesPerSecond: 5_000,
      latencyMicros: LATENCY,
    });
    expect(summary.total).toEqual({ published: 30, due: 40, delivered: 40, lost: 0, gaps: 0 });
  });

  it('finds a loss in the stage where it was, and says what of it was reported', () => {
    const summary = summarize(result({ 'worker 1': { delivered: { [WORKER_1]: received(1, 2) } } }));
    expect(summary).toMatchObject({ ok: false, exitCode: 70, total: { lost: 3, gaps: 2 } });
    expect(summary.stages[1]).toMatchObject({ published: 4, delivered: 1, lost: 3, gaps: 2 });
    expect(summary.problems).toEqual([`${WORKER_1}: 3 of 4 frames lost, 2 of them reported as gaps`]);
  });

  it('counts all that a consumer did not receive as lost, even when it never said a word', () => {
    const summary = summarize(result({ feedback: { delivered: {} } }));
    expect(summary.stages.map(({ lost }) => lost)).toEqual([0, 0, 10, 10, 0]);
    expect(summary.stages[2]!.latencyMicros).toBeUndefined();
    const { figures, ...rest } = result();
    const { feedback: _, ...others } = figures;
    expect(summarize({ ...rest, figures: others }).stages.map(({ lost }) => lost)).toEqual([0, 0, 10, 10, 0]);
  });

  it('does not let what came twice in one stage make up for a loss in another', () => {
    const summary = summarize(
      result({
        'worker 0': { published: { predictions: tally(6) }, delivered: { [WORKER_0]: received(7) } },
        'worker 1': { published: { predictions: tally(4) }, delivered: { [WORKER_1]: received(3) } },
      }),
    );
    expect(summary.total).toMatchObject({ due: 40, delivered: 40, lost: 1 });
    expect(summary.problems).toEqual([
      `${WORKER_0}: 6 frames published, 7 delivered`,
      `${WORKER_1}: 1 of 4 frames lost, 0 of them reported as gaps`,
    ]);
  });

  it.each([
    [
      'a request without feedback',
      { gateway: { requests: { sent: 10, answered: 9, unexpected: 0, unanswered: [4] } } },
      '1 of 10 requests without feedback, the first: 4',
    ],
    [
      'feedback that nobody waits for',
      { gateway: { requests: { sent: 10, answered: 10, unexpected: 2, unanswered: [] } } },
      '2 times feedback to no open request',
    ],
    [
      'a prediction with another cause',
      { feedback: { join: { joined: 9, broken: 1, waiting: 0, firstBroken: 'request 3: so' } } },
      '1 predictions that do not fit their features, the first: request 3: so',
    ],
    [
      'a prediction without features',
      { feedback: { join: { joined: 9, broken: 0, waiting: 1 } } },
      '1 features and predictions without their other half',
    ],
    [
      'gaps although all came',
      { 'worker 0': { delivered: { [WORKER_0]: received(6, 1) } } },
      `${WORKER_0}: 1 frames reported as gaps, yet all delivered`,
    ],
    ['what a process says', { 'worker 1': { problems: ['lost its way'] } }, 'worker 1: lost its way'],
  ])('fails for %s', (_, changes, problem) => {
    const summary = summarize(result(changes));
    expect(summary.problems).toEqual([problem]);
    expect(summary).toMatchObject({ ok: false, exitCode: 70 });
  });

  it("fails when the broker's own count is another, or it refused something", () => {
    const admitted = summarize(result({}, { broker: { admitted: 29, refused: 0 } }));
    expect(admitted.problems).toEqual(['broker: 29 of 30 frames admitted, 0 refused']);
    const refused = summarize(result({}, { broker: { admitted: 30, refused: 1 } }));
    expect(refused.problems).toEqual(['broker: 30 of 30 frames admitted, 1 refused']);
    expect(summarize(result({}, { broker: undefined })).ok).toBe(false);
  });

  it("has the failure's own exit code, and tells of figures that stopped too soon", () => {
    const failure = new ModwireError('UNAVAILABLE', 'no transport');
    expect(summarize(result({}, { failure })).exitCode).toBe(69);
    const died = new ModwireError('INTERNAL', 'worker 0 ended');
    const figures = { 'worker 0': { published: { predictions: tally(5) } } };
    const { problems } = summarize(result(figures, { failure: died, dead: ['worker 0'] }));
    expect(problems).toEqual([
      'worker 0 ended',
      'worker 0: its figures are the last that it gave, up to 250 ms before its end',
    ]);
  });

  it('tells a run that was stopped from one that failed', () => {
    expect(summarize(result({}, { interrupted: true }))).toMatchObject({ ok: true, exitCode: 20 });
    const lossy = { 'worker 0': { delivered: { [WORKER_0]: received(5) } } };
    expect(summarize(result(lossy, { interrupted: true }))).toMatchObject({ ok: false, exitCode: 70 });
  });

  it('reads well', () => {
    expect(summaryText(summarize(result()), 'ten requests', PLAIN, Infinity)).toBe(
      `modwire demo: 2.0 s of ten requests

stage                   published  delivered  lost  gaps  frames/s  MB/s   p50   p99  p99.9  max
features → worker 0             6          6     0     0         3   0.0  0.50  1.50   12.3  123
features → worker 1             4          4     0     0         2   0.0  0.50  1.50   12.3  123
features → feedback            10         10     0     0         5   0.0  0.50  1.50   12.3  123
predictions → feedback         10         10     0     0         5   0.0  0.50  1.50   12.3  123
feedback → gateway             10         10     0     0         5   0.0  0.50  1.50   12.3  123
latency in milliseconds, from the intended send time of the request

requests  10 sent, 10 predicted from their own features, 10 fed back
schedule  late by p50 0.50, p99 1.50, max 123 ms; waited for the broker 3 times
broker    30 frames admitted, 0 refused (transport uws)
total     30 published, 40 deliveries due, 40 delivered, lost 0

ok: every frame is accounted for, lost 0`,
    );
  });

  it('marks the stage that lost something, and lists what is wrong in the end', () => {
    const style = { ...PLAIN, red: (text: string) => `<${text}>` };
    const summary = summarize(result({ 'worker 1': { delivered: { [WORKER_1]: received(1, 2) } } }));
    const text = summaryText(summary, 'ten requests', style, 70);
    expect(text).toContain('\n<features → worker 1             4          1     3     2');
    expect(text).toContain('40 deliveries due, 37 delivered, lost 3\n');
    expect(text).toMatch(
      /\n<FAILED>\n {2}features → worker 1: 3 of 4 frames lost, 2 of them reported as gaps$/,
    );
    expect(text).not.toContain('ok:');
  });
});
