import { describe, expect, it } from 'vitest';
import { ContentType } from '../../../src/index.js';
import { encodeInferResponse, tensor } from '../../../src/tensors/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import {
  considered,
  mirrorScene,
  put,
  REPORT,
  report,
  settledReport,
  shadowing,
} from '../../support/mirror-scene.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();
const S = 'models.ranker';
/** Elements of a tensor: replies with it are compared by the worker pool. */
const SIZE = 512;

interface Question {
  readonly user: string;
  readonly prices: readonly number[];
}

const answer = ({ user, prices }: Question, drift: number) => ({
  ...{ user, count: prices.length, total: prices.reduce((sum, one) => sum + one, 0) * (1 + drift) },
  items: prices.map((price, index) => ({ sku: `sku-${index}`, price: price + drift, shown: true })),
});

describe.each(TRANSPORTS)('a mirror over %s', (transport) => {
  it('of 1,000 requests to a version with a known numeric drift finds exactly the fields that drift', async () => {
    const { broker, one, two, caller } = await mirrorScene(fixture, transport);
    const seen: boolean[] = [];
    await one.serve(S, { version: '1.4.0', concurrency: 64 }, (request, { mirrored }) => {
      seen.push(mirrored);
      return answer(request.json() as Question, 0);
    });
    const copies = { count: 0, marked: 0 };
    await two.serve(S, { version: '2.0.0', concurrency: 64 }, (request, { mirrored, variant }) => {
      copies.count++;
      if (mirrored && variant === 'shadow') copies.marked++;
      return answer(request.json() as Question, 0.01);
    });
    await put(broker, shadowing(100));
    for (let batch = 0; batch < 100; batch++) {
      const made = Array.from({ length: 10 }, (_, index) =>
        caller.request(S, { user: `user-${batch}-${index}`, prices: [1, 2.5, batch + index] }),
      );
      for (const reply of await Promise.all(made)) {
        const { user, total } = reply.json() as { user: string; total: number };
        expect(total).toBe(3.5 + Number(user.split('-')[1]) + Number(user.split('-')[2]));
      }
    }
    const found = await settledReport(broker);
    expect([found.mirrored, found.skipped]).toEqual([1_000, {}]);
    expect(found.uncompared).toEqual({});
    expect(found.differences).toMatchObject({ requests: found.mirrored, differing: found.mirrored });
    expect(found.differences.paths.map(({ path, kinds }) => [path, Object.keys(kinds)])).toEqual([
      ['items[].price', ['value']],
      ['total', ['value']],
    ]);
    const [price] = found.differences.paths;
    expect(price!.maxAbsolute).toBeCloseTo(0.01, 6);
    expect(copies).toEqual({ count: found.mirrored, marked: found.mirrored });
    expect(seen).toEqual(new Array(1_000).fill(false));
    await calls.noCallsLeft(broker);
  });

  it('copies its share of the requests, the same ones whatever variant they go to', async () => {
    const { broker, one, two, caller } = await mirrorScene(fixture, transport);
    await one.serve(S, { version: '1.0.0', concurrency: 8 }, () => 1);
    await two.serve(S, { version: '2.0.0', concurrency: 8 }, () => 1);
    await put(broker, shadowing(25));
    for (let count = 0; count < 400; count++) await caller.request(S, count);
    const found = await settledReport(broker);
    // 400 × 25 % within 5 standard deviations.
    expect(considered(found)).toBeGreaterThan(100 - 5 * 8.7);
    expect(considered(found)).toBeLessThan(100 + 5 * 8.7);
    expect(found.differences).toMatchObject({ differing: 0, paths: [], agreeing: 3 });
  });

  it('compares replies of models, also large ones and streams of them', async () => {
    const { broker, one, two, caller } = await mirrorScene(fixture, transport);
    const response = (scale: number) =>
      encodeInferResponse({
        modelName: 'ranker',
        outputs: [
          tensor(
            'FP32',
            [SIZE],
            Float32Array.from({ length: SIZE }, (_, index) => index * scale),
            {
              name: 'scores',
            },
          ),
          tensor('INT32', [SIZE], new Int32Array(SIZE).fill(7), { name: 'classes' }),
        ],
      });
    const streaming = (scale: number) =>
      async function* (_: unknown, context: { reply(payload: Uint8Array, options: object): unknown }) {
        for (let part = 0; part < 100; part++) {
          yield context.reply(response(part === 99 ? scale : 1), { contentType: ContentType.tensor });
        }
      };
    await one.serve(S, { version: '1.0.0', concurrency: 8 }, streaming(1) as never);
    await two.serve(S, { version: '2.0.0', concurrency: 8 }, streaming(1.5) as never);
    await put(broker, shadowing(100));
    let replies = 0;
    for await (const _ of caller.requestStream(S, 'go')) replies++;
    expect(replies).toBe(100);
    const { mirrored, uncompared, differences } = await settledReport(broker);
    expect([mirrored, uncompared]).toEqual([1, {}]);
    expect(differences.paths).toMatchObject([
      { path: 'outputs.scores', kinds: { value: 1 }, example: { at: 'replies[99]: outputs.scores[1]' } },
    ]);
  });

  it('tells of calls that end otherwise, and not of those that a worker rejects', async () => {
    const { broker, one, two, caller } = await mirrorScene(fixture, transport);
    await one.serve(S, { version: '1.0.0', concurrency: 8 }, () => 1);
    two.on('error', () => undefined);
    await two.serve(S, { version: '2.0.0', concurrency: 8 }, (request, context) => {
      if (request.json() === 'reject') context.reject('not now');
      throw new Error('broken');
    });
    await put(broker, shadowing(100));
    await caller.request(S, 'fail');
    await caller.request(S, 'reject');
    const { mirrored, uncompared, differences } = await settledReport(broker);
    expect([mirrored, uncompared]).toEqual([2, { rejected: 1 }]);
    expect(differences.paths).toMatchObject([
      { path: 'outcome', example: { primary: 'OK', shadow: 'INTERNAL' } },
    ]);
  });

  it('begins a new report when it is reset, or when copies go elsewhere', async () => {
    const { broker, one, two, caller } = await mirrorScene(fixture, transport);
    await one.serve(S, { version: '1.0.0', concurrency: 8 }, () => 1);
    await two.serve(S, { version: '2.0.0', concurrency: 8 }, () => 2);
    await put(broker, shadowing(100));
    await caller.request(S, 0);
    expect(await settledReport(broker)).toMatchObject({ mirrored: 1, variant: 'shadow' });
    const { status, body } = await ask(broker.port, REPORT, { method: 'DELETE' });
    expect([status, JSON.parse(body)]).toMatchObject([200, { mirrored: 1, differences: { differing: 1 } }]);
    expect(await report(broker)).toMatchObject({ mirrored: 0, differences: { requests: 0 } });
    await caller.request(S, 0);
    await settledReport(broker);
    const [control, shadow] = shadowing(100).variants;
    await put(broker, { ...shadowing(100), variants: [control!, { ...shadow!, version: '^3' }] } as never);
    expect(await report(broker)).toMatchObject({ mirrored: 0, skipped: {} });
    await caller.request(S, 0);
    await eventually('the request considered', async () => considered(await report(broker)) === 1);
    expect((await report(broker)).skipped).toEqual({ 'no-worker': 1 });
  });

  it('has no report without a mirror, nor without the experiment', async () => {
    const { broker } = await mirrorScene(fixture, transport);
    expect((await ask(broker.port, REPORT)).status).toBe(404);
    const { mirror: _, ...plain } = shadowing(100);
    await put(broker, plain);
    expect(await ask(broker.port, REPORT)).toMatchObject({
      status: 412,
      body: expect.stringContaining('the experiment has no mirror'),
    });
    expect((await ask(broker.port, REPORT, { method: 'POST' })).headers.allow).toBe('GET, DELETE');
  });
});
