import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeControl, type Kind, Memory } from '../../src/codec/index.js';
import { ERRORS } from '../../src/errors.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { batchOf, frameOf } from '../support/raw-client.js';

const fixture = new BrokerFixture();

/** A frame whose root offset leads outside: found in its batch, but no frame. */
function malformed(subject = 'a'): Uint8Array {
  const bytes = frameOf(subject);
  new Memory(bytes).data.setUint32(4, 0x7ffffff0, true);
  return bytes;
}

describe.each(TRANSPORTS)('hostile input over %s', (transport) => {
  it('a malformed frame is answered with its rule and offset, and the others of its batch count', async () => {
    const broker = await fixture.broker(transport);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const publisher = await fixture.raw(broker.url);
    publisher.send(frameOf('a'), malformed(), frameOf('a'), malformed(), frameOf('b'));
    await publisher.settle();
    const failures = publisher.all('failure');
    expect(failures).toHaveLength(2);
    for (const { code, message, reference } of failures) {
      expect(code).toBe(ERRORS.MALFORMED_FRAME.number);
      expect(message).toBe(
        'not a frame: the root offset does not lead to a table inside the message, at 0x4',
      );
      expect(reference).toBeUndefined();
    }
    await subscriber.settle();
    expect(subscriber.labels).toEqual(['a#1', 'a#2', 'b#1']);
    expect(broker.stats()).toMatchObject({ frames: 3, refused: 2 });
  });

  it('malformed frames are forgiven up to maxViolations, and the next one closes the session', async () => {
    const broker = await fixture.broker(transport, { maxViolations: 3 });
    const client = await fixture.raw(broker.url);
    client.send(malformed(), malformed());
    client.send(malformed());
    await client.settle();
    client.send(malformed(), frameOf('late'));
    expect(await client.closed()).toBe(4401);
    expect(client.all('failure')).toHaveLength(4);
    expect(broker.stats()).toMatchObject({ frames: 0, refused: 4, subjects: 0 });
  });

  it.each([
    ['too short', new Uint8Array(11)],
    [
      'a size beyond the bytes on hand',
      Uint8Array.from([255, 255, 255, 127, 0, 0, 0, 0, 77, 67, 80, 49, 0, 0, 0, 0]),
    ],
    ['a size that is not aligned', Uint8Array.from([9, 0, 0, 0, 0, 0, 0, 0, 77, 67, 80, 49, 0, 0, 0, 0])],
    ['an unknown identifier', Uint8Array.from([12, 0, 0, 0, 0, 0, 0, 0, 77, 67, 80, 57, 0, 0, 0, 0])],
  ])('a batch with %s closes the session with a reason, and what came before counts', async (_, bytes) => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    const before = frameOf('a');
    client.send(before, bytes);
    const failure = await client.next('failure');
    expect(failure.code).toBe(ERRORS.MALFORMED_FRAME.number);
    expect(failure.message).toMatch(/^not a batch: .*, at 0x[0-9a-f]+$/);
    expect(failure.message).toContain(`0x${before.length.toString(16)}`);
    expect(await client.closed()).toBe(1003);
    expect(broker.stats().frames).toBe(1);
  });

  it('a malformed control message closes the session with a reason', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    const bytes = encodeControl({ type: 'ping', nonce: 1 });
    new Memory(bytes).data.setUint32(4, 0x7ffffff0, true);
    client.send(bytes);
    expect((await client.next('failure')).message).toMatch(/^not a control message: /);
    expect(await client.closed()).toBe(4400);
  });

  it('a kind of a later version is refused with reference to its frame', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    const id = new Uint8Array(16).fill(7);
    client.send(frameOf('a', { kind: 5 as Kind, id }), frameOf('a'));
    await client.settle();
    const [failure] = client.all('failure');
    expect(failure).toMatchObject({ code: ERRORS.UNIMPLEMENTED.number, reference: id });
    expect(failure!.message).toMatch(/got kind 5/);
    expect(broker.stats()).toMatchObject({ frames: 1, refused: 1 });
    client.publish('a', { kind: 99 as Kind, id });
    await client.settle();
    expect(client.all('failure')[1]!.message).toMatch(/got kind 99/);
  });

  it('a frame beyond maxFrameBytes is refused with reference to its id, and the next one counts', async () => {
    const broker = await fixture.broker(transport, { maxFrameBytes: 1024, maxBatchBytes: 65_536 });
    const client = await fixture.raw(broker.url);
    const id = new Uint8Array(16).fill(9);
    const large = frameOf('a', { id, payload: new Uint8Array(2048) });
    client.send(large, frameOf('a'));
    await client.settle();
    const [failure] = client.all('failure');
    expect(failure).toMatchObject({ code: ERRORS.RESOURCE_EXHAUSTED.number, reference: id });
    expect(failure!.message).toContain(`at most maxFrameBytes = 1024, got ${large.length} bytes`);
    expect(broker.stats()).toMatchObject({ frames: 1, refused: 1 });
  });

  it('a message beyond maxBatchBytes closes its connection', async () => {
    const broker = await fixture.broker(transport, { maxFrameBytes: 1024, maxBatchBytes: 4096 });
    const client = await fixture.raw(broker.url);
    client.publish('a', { payload: new Uint8Array(5000) });
    // uWebSockets.js closes without a word.
    expect([1006, 1009]).toContain(await client.closed());
    expect(broker.stats().frames).toBe(0);
  });

  it.each(['', 'a..b', 'a b', 'a.*', 'a.>', '.', 'a\n', 'x'.repeat(300)])(
    'the subject %j is refused with reference to its frame',
    async (subject) => {
      const broker = await fixture.broker(transport);
      const client = await fixture.raw(broker.url);
      const id = new Uint8Array(16).fill(3);
      client.publish(subject, { id });
      await client.settle();
      expect(client.all('failure')).toMatchObject([{ code: ERRORS.INVALID_ARGUMENT.number, reference: id }]);
      expect(broker.stats()).toMatchObject({ frames: 0, subjects: 0, refused: 1 });
    },
  );

  it('a refused frame uses up no sequence', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, '>');
    client.send(frameOf('a'), frameOf('a', { kind: 3 as Kind }), malformed(), frameOf('a'));
    await client.settle();
    expect(client.labels).toEqual(['a#1', 'a#2']);
  });

  it('bytes that are anything do not end the broker, nor reach anybody else', async () => {
    const broker = await fixture.broker(transport, { maxViolations: 1_000_000 });
    const bystander = await fixture.raw(broker.url);
    await bystander.subscribe(1, 'safe');
    const valid = batchOf(frameOf('a', { payload: new Uint8Array(64), headers: [['k', 'v']] }));
    const damage = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    const cases = fc.sample(fc.oneof(fc.uint8Array({ maxLength: 200 }), damage), 200);
    let client = await fixture.raw(broker.url);
    for (const one of cases) {
      if (client.closeCode !== undefined) client = await fixture.raw(broker.url);
      let bytes = one as Uint8Array;
      if (Array.isArray(one)) {
        bytes = valid.slice();
        for (const [at, value] of one) bytes[at] = value;
      }
      client.send(bytes);
      client.control({ type: 'ping', nonce: 1 });
      const before = client.received.length;
      await eventually('an answer or the end', () => {
        return client.received.length > before || client.closeCode !== undefined;
      });
    }
    bystander.publish('safe');
    await bystander.settle();
    expect(bystander.labels).toEqual(['safe#1']);
    expect(bystander.all('failure')).toEqual([]);
  });

  it('answers that nobody reads are bounded: who asks and does not read is cut off', async () => {
    const limits = { congestedBytes: 65_536, slowConsumerBytes: 262_144 };
    const broker = await fixture.broker(transport, limits);
    const client = await fixture.raw(broker.url);
    client.pause();
    // Every one is answered with a refusal that is larger than itself.
    const refused = batchOf(...Array.from({ length: 500 }, () => frameOf('a b')));
    const flood = setInterval(() => {
      for (let count = 0; count < 4; count++) client.socket.send(refused);
    }, 1);
    try {
      let most = 0;
      await eventually('the broker having enough of it', () => {
        most = Math.max(most, broker.stats().bufferedBytes);
        return broker.stats().sessions === 0;
      });
      // Without a bound it would be what a transport holds at most: far more.
      expect(most).toBeLessThan(16 * 1024 * 1024);
      expect(broker.stats().bufferedBytes).toBe(0);
    } finally {
      clearInterval(flood);
    }
  });
});
