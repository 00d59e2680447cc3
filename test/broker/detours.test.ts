import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/broker/index.js';
import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import { fromHex } from '../../src/codec/message-id.js';
import { ERRORS } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../support/broker-fixture.js';
import { bfbsOf, payloadOf } from '../support/flatc.js';
import { frameOf, type RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();
const TEXT = 'table Node { name:string; children:[Node]; } root_type Node;';
/** Payloads from here on take the detour. Bytes. */
const OFFLOAD_BYTES = 4096;

interface Scene {
  readonly broker: Broker;
  readonly publisher: RawClient;
  readonly subscriber: RawClient;
  frame(subject: string, payload: Uint8Array): Uint8Array;
}

const small = await payloadOf(TEXT, { name: 'small' });
const large = await payloadOf(TEXT, { children: Array.from({ length: 400 }, () => ({ name: 'child' })) });
const broken = large.slice();
broken.fill(0xff, 0, 4);

async function scene(transport: TransportName, limits: Partial<Limits> = {}): Promise<Scene> {
  const broker = await fixture.broker(transport, { offloadBytes: OFFLOAD_BYTES, ...limits });
  const { version } = await broker.registry.register({ contract: 'trees', bfbs: await bfbsOf(TEXT) });
  await broker.registry.bind({ pattern: 'trees.>', use: 'message', contract: 'trees' });
  const publisher = await fixture.raw(broker.url, { name: 'publisher' });
  const subscriber = await fixture.raw(broker.url, { name: 'subscriber' });
  await subscriber.subscribe(1, '>');
  const schemaId = fromHex(version.schemaId);
  return {
    ...{ broker, publisher, subscriber },
    frame: (subject, payload) => frameOf(subject, { payload, schemaId, contentType: ContentType.flatbuffer }),
  };
}

describe.each(TRANSPORTS)('payloads that the worker pool verifies, over %s', (transport) => {
  it('keep their place among the small ones of their subject, and those of others pass by', async () => {
    expect(large.length).toBeGreaterThan(OFFLOAD_BYTES);
    const { publisher, subscriber, frame } = await scene(transport);
    publisher.send(
      ...[frame('trees.a', small), frame('trees.a', large), frame('trees.a', small)],
      ...[frame('trees.b', small), frame('trees.a', large)],
    );
    await publisher.settle();
    await subscriber.settle();
    const of = (subject: string) => subscriber.frames.filter((one) => one.subject === subject);
    expect(of('trees.a').map((one) => one.payloadLength)).toEqual(
      [small, large, small, large].map((one) => one.length),
    );
    expect(of('trees.a').map((one) => one.sequence)).toEqual([1, 2, 3, 4]);
    expect(subscriber.labels.indexOf('trees.b#1')).toBeLessThan(subscriber.labels.indexOf('trees.a#4'));
  });

  it('are refused alone when they do not verify, with the place', async () => {
    const { broker, publisher, subscriber, frame } = await scene(transport);
    publisher.send(frame('trees.a', large), frame('trees.a', broken), frame('trees.a', small));
    await publisher.settle();
    await subscriber.settle();
    expect(subscriber.labels).toEqual(['trees.a#1', 'trees.a#2']);
    expect(publisher.all('failure')).toMatchObject([{ code: ERRORS.CONTRACT_VIOLATION.number }]);
    expect(broker.stats()).toMatchObject({ violations: 1, waitingBytes: 0 });
  });

  it('that find no room are refused with RESOURCE_EXHAUSTED, and there is room again afterwards', async () => {
    const { publisher, subscriber, frame } = await scene(transport, { maxDetourBytes: 64 * 1024 });
    const frames = Array.from({ length: 20 }, () => frame('trees.a', large));
    publisher.send(...frames);
    await publisher.settle();
    await subscriber.settle();
    const refused = publisher.all('failure');
    expect(refused.length).toBeGreaterThan(0);
    for (const { code } of refused) expect(code).toBe(ERRORS.RESOURCE_EXHAUSTED.number);
    expect(subscriber.frames).toHaveLength(frames.length - refused.length);
    publisher.send(frame('trees.a', large));
    await publisher.settle();
    await subscriber.settle();
    expect(subscriber.frames).toHaveLength(frames.length - refused.length + 1);
  });

  it('that find the queue of the pool full are refused with RESOURCE_EXHAUSTED', async () => {
    const { publisher, subscriber, frame } = await scene(transport, { maxWorkerTasks: 2 });
    publisher.send(...Array.from({ length: 12 }, (_, at) => frame(`trees.${at}`, large)));
    await publisher.settle();
    await subscriber.settle();
    const refused = publisher.all('failure');
    expect(refused.length).toBeGreaterThan(0);
    for (const { code } of refused) expect(code).toBe(ERRORS.RESOURCE_EXHAUSTED.number);
    expect(subscriber.frames).toHaveLength(12 - refused.length);
  });

  it('are delivered although their publisher is gone, and before a draining broker ends', async () => {
    const { broker, publisher, subscriber, frame } = await scene(transport);
    publisher.send(...Array.from({ length: 8 }, () => frame('trees.a', large)));
    publisher.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    const drained = broker.drain();
    await subscriber.next('goodbye');
    subscriber.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    await subscriber.closed();
    await drained;
    expect(subscriber.frames).toHaveLength(8);
  });

  it('keep the order of each subject, whatever is mixed', async () => {
    const { publisher, subscriber, frame } = await scene(transport);
    const payloads = [small, large, broken];
    const counts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: 1, maxLength: 12 }), { maxLength: 5 }),
        async (bursts) => {
          const before = subscriber.frames.length;
          const expected: number[][] = [[], [], []];
          for (const burst of bursts) {
            for (const [subject, payload] of burst) {
              if (payload < 2) expected[subject]!.push(payloads[payload]!.length);
            }
            publisher.send(
              ...burst.map(([subject, payload]) => frame(`trees.${subject}`, payloads[payload]!)),
            );
          }
          await publisher.settle();
          await subscriber.settle();
          const got = subscriber.frames.slice(before);
          for (const subject of [0, 1, 2]) {
            const own = got.filter((one) => one.subject === `trees.${subject}`);
            expect(own.map((one) => one.payloadLength)).toEqual(expected[subject]);
            for (const { sequence } of own) {
              const count = (counts.get(`${subject}`) ?? 0) + 1;
              expect(sequence).toBe(count);
              counts.set(`${subject}`, count);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
