import { describe, expect, it } from 'vitest';
import type { Figures } from '../../src/demo/figures.js';
import type { RunResult } from '../../src/demo/pipeline.js';
import { HOPS, STAGES } from '../../src/demo/stages.js';
import { summarize } from '../../src/demo/summary.js';
import { summaryText } from '../../src/demo/summary-text.js';
import { ModwireError } from '../../src/errors.js';

const PLAIN = { bold: String, dim: String, red: String, green: String };
const LATENCY = { p50: 500, p99: 1_500, p999: 12_345, max: 123_456 };
const [FEATURES, PREDICTIONS, FEEDBACK] = STAGES.map(({ name }) => name) as [string, string, string];
const [PREDICT, SCORE_1, SCORE_2, EXPLAIN_1, EXPLAIN_2] = HOPS.map(({ name }) => name) as [
  string,
  string,
  string,
  string,
  string,
];

const tally = (frames: number) => ({ frames, bytes: 1_000 * frames });
const received = (frames: number, gaps = 0) => ({ ...tally(frames), gaps, latency: LATENCY });
const made = (requests: number, replies = requests) => ({
  ...{ requests, replied: requests, failed: {}, replies, latency: LATENCY },
});
const served = (requests: number, replies = requests) => ({ requests, replies });
const REQUESTS = {
  sent: 10,
  answered: 10,
  failed: {},
  predicted: 10,
  fedBack: 10,
  unexpected: 0,
  missing: [],
};
const GATEWAY_MADE = { [PREDICT]: made(10), [EXPLAIN_1]: made(6, 60), [EXPLAIN_2]: made(4, 40) };
const BROKER = { admitted: 30, refused: 0, requests: 30, open: 0, late: 0 };

/** A run of ten requests, six of them for v1, in which all is well; `changes` by process. */
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
    broker: BROKER,
    figures: {
      gateway: process('gateway', {
        published: { predictions: tally(10) },
        delivered: { [FEEDBACK]: received(10) },
        made: GATEWAY_MADE,
        requests: REQUESTS,
        lateness: LATENCY,
        answers: LATENCY,
        waits: 2,
      }),
      features: process('features', {
        published: { features: tally(10) },
        made: { [SCORE_1]: made(6), [SCORE_2]: made(4) },
        served: { [PREDICT]: served(10) },
        waits: 1,
      }),
      'scorer v1': process('scorer v1', { served: { [SCORE_1]: served(6), [EXPLAIN_1]: served(6, 60) } }),
      'scorer v2': process('scorer v2', { served: { [SCORE_2]: served(4), [EXPLAIN_2]: served(4, 40) } }),
      feedback: process('feedback', {
        published: { feedback: tally(10) },
        delivered: { [FEATURES]: received(10), [PREDICTIONS]: received(10) },
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

/** The same, but that the explanation of one of them ended with an error: its last four tokens did not come. */
function failing(changes: Readonly<Record<string, Partial<Figures>>> = {}): RunResult {
  const explained = { ...made(4, 36), replied: 3, failed: { UNAVAILABLE: 1 } };
  return result({
    gateway: {
      ...result().figures.gateway,
      made: { ...GATEWAY_MADE, [EXPLAIN_2]: explained },
      requests: { ...REQUESTS, answered: 9, failed: { UNAVAILABLE: 1 } },
    },
    ...changes,
  });
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
      [FEATURES, 10, 10, 0, 0],
      [PREDICTIONS, 10, 10, 0, 0],
      [FEEDBACK, 10, 10, 0, 0],
    ]);
    expect(summary.stages[1]).toMatchObject({
      framesPerSecond: 5,
      bytesPerSecond: 5_000,
      latencyMicros: LATENCY,
    });
    expect(summary.total).toEqual({ published: 30, due: 30, delivered: 30, lost: 0, gaps: 0 });
  });

  it('holds the counts of callers against those of workers', () => {
    const { calls, requests } = summarize(result());
    const counts = calls.map(({ call, requests: all, handled, replied, open, sent, replies }) => [
      call,
      ...[all, handled, replied, open, sent, replies],
    ]);
    expect(counts).toEqual([
      [PREDICT, 10, 10, 10, 0, 10, 10],
      [SCORE_1, 6, 6, 6, 0, 6, 6],
      [SCORE_2, 4, 4, 4, 0, 4, 4],
      [EXPLAIN_1, 6, 6, 6, 0, 60, 60],
      [EXPLAIN_2, 4, 4, 4, 0, 40, 40],
    ]);
    expect(calls[0]).toMatchObject({ requestsPerSecond: 5, latencyMicros: LATENCY, stream: false });
    expect(requests).toMatchObject({ sent: 10, answered: 10, failed: {}, open: 0 });
  });

  it('counts a request that ended with an error by its code: it is accounted for', () => {
    const summary = summarize(failing());
    expect(summary).toMatchObject({ ok: true, exitCode: 0, problems: [] });
    expect(summary.requests).toMatchObject({ answered: 9, failed: { UNAVAILABLE: 1 }, open: 0 });
    expect(summary.calls[4]).toMatchObject({ replied: 3, failed: { UNAVAILABLE: 1 }, open: 0 });
    expect(summaryText(summary, 'ten requests', PLAIN, Infinity)).toContain(
      'requests   10 sent, 9 answered (9 streams ended), 1 UNAVAILABLE, 0 open\n',
    );
  });

  it('takes requests that were made again into account', () => {
    const { figures } = result();
    const again = { gateway: { ...figures.gateway, retries: 2 } };
    const broker = { ...BROKER, requests: 32 };
    expect(summarize(result(again, { broker }))).toMatchObject({ ok: true, retries: 2 });
    expect(summarize(result(again)).problems).toEqual(['broker: 32 requests made, 30 counted there']);
  });

  it('finds a loss in the stage where it was, and says what of it was reported', () => {
    const summary = summarize(result({ feedback: { ...result().figures.feedback, delivered: lossy(7, 2) } }));
    expect(summary).toMatchObject({ ok: false, exitCode: 70, total: { lost: 3, gaps: 2 } });
    expect(summary.stages[1]).toMatchObject({ published: 10, delivered: 7, lost: 3, gaps: 2 });
    expect(summary.problems).toEqual([`${PREDICTIONS}: 3 of 10 frames lost, 2 of them reported as gaps`]);
  });

  it('counts all that a consumer did not receive as lost, even when it never said a word', () => {
    const { figures, ...rest } = result();
    const { feedback: _, ...others } = figures;
    const summary = summarize({ ...rest, figures: others });
    expect(summary.stages.map(({ lost }) => lost)).toEqual([10, 10, 0]);
    expect(summary.stages[0]!.latencyMicros).toBeUndefined();
  });

  it('does not let what came twice in one stage make up for a loss in another', () => {
    const delivered = { [FEATURES]: received(11), [PREDICTIONS]: received(9) };
    const summary = summarize(result({ feedback: { ...result().figures.feedback, delivered } }));
    expect(summary.total).toMatchObject({ due: 30, delivered: 30, lost: 1 });
    expect(summary.problems).toEqual([
      `${FEATURES}: 10 frames published, 11 delivered`,
      `${PREDICTIONS}: 1 of 10 frames lost, 0 of them reported as gaps`,
    ]);
  });

  it.each([
    [
      'a call without an outcome',
      { gateway: { made: { ...GATEWAY_MADE, [PREDICT]: { ...made(10), replied: 9 } } } },
      `${PREDICT}: 1 of 10 requests without an outcome`,
    ],
    [
      'replies without a request',
      { features: { served: { [PREDICT]: served(9, 10) } } },
      `${PREDICT}: 10 requests made, 9 handled, 10 replied to`,
    ],
    [
      'requests that nobody made',
      { features: { served: { [PREDICT]: served(11, 10) } } },
      `${PREDICT}: 10 requests made, 11 handled, 10 replied to`,
    ],
    [
      'tokens that are missing in a stream that has ended',
      { 'scorer v2': { served: { [SCORE_2]: served(4), [EXPLAIN_2]: served(4, 41) } } },
      `${EXPLAIN_2}: 41 replies sent, 40 received`,
    ],
    [
      'a request without an outcome',
      { gateway: { requests: { ...REQUESTS, answered: 9, missing: [4] } } },
      '1 of 10 requests without an outcome, the first: 4',
    ],
    [
      'a prediction without feedback',
      { gateway: { requests: { ...REQUESTS, fedBack: 9, missing: [4] } } },
      '1 of 10 predictions without feedback, the first: 4',
    ],
    [
      'feedback that nobody waits for',
      { gateway: { requests: { ...REQUESTS, unexpected: 2 } } },
      '2 times an outcome or feedback to no open request',
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
      { feedback: { delivered: { [FEATURES]: received(10, 1), [PREDICTIONS]: received(10) } } },
      `${FEATURES}: 1 frames reported as gaps, yet all delivered`,
    ],
    ['what a process says', { 'scorer v2': { problems: ['lost its way'] } }, 'scorer v2: lost its way'],
  ])('fails for %s', (_, changes, problem) => {
    const summary = summarize(result(changes));
    expect(summary.problems).toEqual([problem]);
    expect(summary).toMatchObject({ ok: false, exitCode: 70 });
  });

  it('lets features of a request that failed be without a prediction, and of no other', () => {
    const waiting = (count: number) => ({ feedback: { join: { joined: 9, broken: 0, waiting: count } } });
    expect(summarize(failing(waiting(1))).problems).toEqual([]);
    expect(summarize(failing(waiting(2))).problems).toEqual([
      '2 features and predictions without their other half',
    ]);
  });

  it.each([
    [{ admitted: 29 }, 'broker: 29 of 30 frames admitted, 0 refused'],
    [{ refused: 1 }, 'broker: 30 of 30 frames admitted, 1 refused'],
    [{ requests: 31 }, 'broker: 30 requests made, 31 counted there'],
    [{ open: 1 }, 'broker: 1 requests without an end'],
  ])("fails when the broker's own count is another: %j", (count, problem) => {
    const summary = summarize(result({}, { broker: { ...BROKER, ...count } }));
    expect(summary.problems).toEqual([problem]);
  });

  it('fails without the count of the broker', () => {
    expect(summarize(result({}, { broker: undefined })).ok).toBe(false);
  });

  it("has the failure's own exit code, and tells of figures that stopped too soon", () => {
    const failure = new ModwireError('UNAVAILABLE', 'no transport');
    expect(summarize(result({}, { failure })).exitCode).toBe(69);
    const died = new ModwireError('INTERNAL', 'scorer v1 ended');
    const figures = { 'scorer v1': { served: {} } };
    const { problems } = summarize(result(figures, { failure: died, dead: ['scorer v1'] }));
    expect(problems).toEqual([
      'scorer v1 ended',
      'scorer v1: its figures are the last that it gave, up to 250 ms before its end',
    ]);
  });

  it('tells a run that was stopped from one that failed', () => {
    expect(summarize(result({}, { interrupted: true }))).toMatchObject({ ok: true, exitCode: 20 });
    const figures = { feedback: { delivered: lossy(9, 0) } };
    expect(summarize(result(figures, { interrupted: true }))).toMatchObject({ ok: false, exitCode: 70 });
  });

  it('reads well', () => {
    expect(summaryText(summarize(result()), 'ten requests', PLAIN, Infinity)).toBe(
      `modwire demo: 2.0 s of ten requests

call                  requests  handled  replied  failed  open  replies  calls/s   p50   p99  p99.9  max
gateway → features          10       10       10       0     0       10        5  0.50  1.50   12.3  123
features → score v1          6        6        6       0     0        6        3  0.50  1.50   12.3  123
features → score v2          4        4        4       0     0        4        2  0.50  1.50   12.3  123
gateway → explain v1         6        6        6       0     0       60        3  0.50  1.50   12.3  123
gateway → explain v2         4        4        4       0     0       40        2  0.50  1.50   12.3  123

stage                   published  delivered  lost  gaps  frames/s  MB/s   p50   p99  p99.9  max
features → feedback            10         10     0     0         5   0.0  0.50  1.50   12.3  123
predictions → feedback         10         10     0     0         5   0.0  0.50  1.50   12.3  123
feedback → gateway             10         10     0     0         5   0.0  0.50  1.50   12.3  123
latency in milliseconds: of a call from its request to its last reply, of a stage from the intended send time

requests   10 sent, 10 answered (10 streams ended), 0 failed, 0 open
predicted  10, 10 from their own features, 10 fed back
answers    p50 0.50, p99 1.50, max 123 ms after the intended send time
schedule   late by p50 0.50, p99 1.50, max 123 ms; the broker's window was full 3 times
broker     30 requests, 30 frames admitted, 0 refused (transport uws)
total      30 published, 30 deliveries due, 30 delivered, lost 0

ok: every request and every frame is accounted for, lost 0`,
    );
  });

  it('marks what lost something, and lists what is wrong in the end', () => {
    const style = { ...PLAIN, red: (text: string) => `<${text}>` };
    const open = { ...GATEWAY_MADE, [EXPLAIN_2]: { ...made(4, 40), replied: 3 } };
    const changes = {
      gateway: { ...result().figures.gateway, made: open },
      feedback: { delivered: lossy(7, 2) },
    };
    const text = summaryText(summarize(result(changes)), 'ten requests', style, 70);
    expect(text).toContain('\n<gateway → explain v2 ');
    expect(text).toContain('\n<predictions → feedback         10          7     3     2');
    expect(text).toContain('30 deliveries due, 27 delivered, lost 3\n');
    expect(text).toContain(
      `\n<FAILED>\n  ${EXPLAIN_2}: 1 of 4 requests without an outcome\n  ${PREDICTIONS}: 3 of 10 frames lost, 2 of them`,
    );
    expect(text).not.toContain('ok:');
  });
});

/** What the feedback consumer received when it lost predictions. */
function lossy(frames: number, gaps: number): Figures['delivered'] {
  return { [FEATURES]: received(10), [PREDICTIONS]: received(frames, gaps) };
}
