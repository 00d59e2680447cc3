import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameFlags } from '../../src/codec/generated/modwire/frame-flags.js';
import { toHex } from '../../src/codec/message-id.js';
import { ERRORS } from '../../src/errors.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ORDER, ORDERS, register, registerOrders } from '../support/order-schemas.js';
import { frameOf } from '../support/raw-client.js';

const fixture = new BrokerFixture();

const SUBJECTS = ['orders.a', 'orders.b', 'free'];

/** A frame of a burst: of which version, on which subject, whether it is broken, and whether an answer is wanted. */
const entry = fc.record({
  version: fc.nat(1),
  subject: fc.constantFrom(...SUBJECTS),
  broken: fc.boolean(),
  ack: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
});
/** Mostly long runs of the same, as publishers send them. */
const burst = fc
  .array(fc.tuple(entry, fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 8 })
  .map((runs) => runs.flatMap(([one, count]) => Array.from({ length: count }, () => one)));

describe.each(TRANSPORTS)('payloads of many frames in one message, over %s', (transport) => {
  it('are taken and refused one by one, whatever lies beside them', async () => {
    const broker = await fixture.broker(transport);
    const versions = [await registerOrders(broker), await register(broker, 'orders', ORDERS.v2, ORDER)];
    const publisher = await fixture.raw(broker.url);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const counts = new Map<string, number>();
    let byte = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 3 }), async (bursts) => {
        const [before, answered] = [subscriber.frames.length, publisher.controls.length];
        const expected: string[] = [];
        const refused: string[] = [];
        const acked: string[] = [];
        for (const entries of bursts) {
          const frames = entries.map(({ version, subject, broken, ack }) => {
            const id = new Uint8Array(16);
            new DataView(id.buffer).setUint32(12, ++byte);
            const { fields } = versions[version]!;
            const payload = fields.payload.slice();
            // The root's offset leads beyond the payload.
            if (broken) payload.fill(0xff, 0, 4);
            if (broken && subject !== 'free') refused.push(toHex(id));
            else {
              const sequence = (counts.get(subject) ?? 0) + 1;
              counts.set(subject, sequence);
              expected.push(`${subject}#${sequence} ${toHex(id)}`);
              if (ack) acked.push(toHex(id));
            }
            return frameOf(subject, { ...fields, payload, id, flags: ack ? FrameFlags.ack : 0 });
          });
          publisher.send(...frames);
        }
        await publisher.settle();
        await subscriber.settle();
        const got = subscriber.frames.slice(before);
        expect(got.map(({ subject, sequence, id }) => `${subject}#${sequence} ${toHex(id)}`)).toEqual(
          expected,
        );
        const answers = publisher.controls.slice(answered);
        const failures = answers.flatMap((one) => (one.type === 'failure' ? [one] : []));
        expect(failures.map(({ reference }) => toHex(reference!))).toEqual(refused);
        for (const { code } of failures) expect(code).toBe(ERRORS.CONTRACT_VIOLATION.number);
        const acks = answers.flatMap((one) => (one.type === 'ack' ? one.entries : []));
        expect(acks.map(({ id }) => toHex(id))).toEqual(acked);
      }),
      { numRuns: 60 },
    );
    const taken = [...counts.values()].reduce((sum, count) => sum + count, 0);
    expect(broker.stats()).toMatchObject({ frames: taken, frameBytes: expect.any(Number) });
  });
});
