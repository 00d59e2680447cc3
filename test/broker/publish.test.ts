import { describe, expect, it } from 'vitest';
import { FrameFlags } from '../../src/codec/index.js';
import { ERRORS } from '../../src/errors.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { frameOf } from '../support/raw-client.js';

const fixture = new BrokerFixture();

function id(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

describe.each(TRANSPORTS)('publishing over %s', (transport) => {
  it('gives every subject its own sequence from 1, over all publishers, in one epoch', async () => {
    const broker = await fixture.broker(transport);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const publishers = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    for (let round = 0; round < 3; round++) {
      for (const publisher of publishers) {
        publisher.send(frameOf('a'), frameOf('b'), frameOf('a'));
        await publisher.settle();
      }
    }
    await subscriber.settle();
    for (const [subject, count] of [
      ['a', 12],
      ['b', 6],
    ] as const) {
      const frames = subscriber.frames.filter((frame) => frame.subject === subject);
      expect(frames.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: count }, (_, index) => index + 1),
      );
      expect(new Set(frames.map(({ epoch }) => epoch)).size).toBe(1);
    }
    expect(broker.stats()).toMatchObject({ frames: 18, subjects: 2, refused: 0 });
  });

  it('stamps its own time and leaves everything else as the publisher wrote it', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, 'a');
    const before = Date.now() * 1000;
    const bytes = frameOf('a', {
      payload: Uint8Array.from([1, 2, 3]),
      correlationId: id(1),
      causationId: id(2),
      schemaId: id(3),
      trace: { traceId: id(4), spanId: new Uint8Array(8).fill(5), flags: 1 },
      priority: 6,
      timeout: 7,
      tracestate: 't',
      baggage: 'b',
      experiment: 'e',
      variant: 'v',
      assignmentKey: 'k',
      headers: [['h', 'ö']],
    });
    client.send(bytes);
    await client.settle();
    const [frame] = client.frames;
    expect(frame!.brokerTime).toBeGreaterThanOrEqual(before - 1000);
    expect(frame!.brokerTime).toBeLessThanOrEqual(Date.now() * 1000 + 1000);
    const received = frame!.copy();
    expect(received.sequence).toBe(1);
    received.stamp(0, 0, 0);
    expect(Buffer.from(received.bytes).equals(Buffer.from(bytes))).toBe(true);
  });

  it('counts frames that nobody receives', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    client.send(frameOf('a'), frameOf('a'), frameOf('a'));
    const { positions } = await client.subscribe(1, 'a');
    expect(positions).toMatchObject([{ subject: 'a', sequence: 3 }]);
    client.publish('a');
    await client.settle();
    expect(client.labels).toEqual(['a#4']);
  });

  it('acknowledges what was admitted, in order, with epoch and sequence, and refuses the rest', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    const flags = FrameFlags.ack;
    client.send(
      frameOf('a', { id: id(1), flags }),
      frameOf('a', { id: id(2) }),
      frameOf('a b', { id: id(3), flags }),
      frameOf('b', { id: id(4), flags }),
      frameOf('a', { id: id(5), flags }),
    );
    await client.settle();
    const entries = client.all('ack').flatMap((ack) => ack.entries);
    expect(entries.map((entry) => [entry.id[0], entry.sequence])).toEqual([
      [1, 1],
      [4, 1],
      [5, 3],
    ]);
    expect(entries[0]!.epoch).toBe(entries[2]!.epoch);
    expect(entries[0]!.epoch).toBeGreaterThan(0);
    expect(client.all('failure').map(({ reference }) => reference)).toEqual([id(3)]);
  });

  it('acknowledges a frame that nobody receives without being asked for anything else', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    client.publish('a', { flags: FrameFlags.ack });
    expect((await client.next('ack')).entries).toHaveLength(1);
  });

  it('sends acknowledgements of one turn together, but no more than maxPendingAcks', async () => {
    const broker = await fixture.broker(transport, { maxPendingAcks: 10 });
    const client = await fixture.raw(broker.url);
    client.send(...Array.from({ length: 25 }, () => frameOf('a', { flags: FrameFlags.ack })));
    await client.settle();
    expect(client.all('ack').map(({ entries }) => entries.length)).toEqual([10, 10, 5]);
  });

  it('answers a ping after everything that came before it', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, '>');
    client.send(frameOf('a', { flags: FrameFlags.ack }), frameOf('a b'), frameOf('b'));
    await client.settle();
    const types = client.received.map((one) => ('type' in one ? one.type : one.subject)).slice(2);
    expect(types.at(-1)).toBe('pong');
    expect(types.slice(0, -1).sort()).toEqual(['a', 'ack', 'b', 'failure']);
  });

  it('delivers frames of one turn together, also of different subjects', async () => {
    const broker = await fixture.broker(transport);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const publisher = await fixture.raw(broker.url);
    for (const subject of ['a', 'b', 'c']) publisher.publish(subject);
    await publisher.settle();
    const before = subscriber.messageBytes.length;
    publisher.send(frameOf('a'), frameOf('b'), frameOf('c'), frameOf('a'));
    await publisher.settle();
    await subscriber.settle();
    // One message with the frames, one with the pong.
    expect(subscriber.messageBytes.length - before).toBe(2);
    expect(subscriber.labels.slice(3)).toEqual(['a#2', 'b#2', 'c#2', 'a#3']);
  });

  it('takes subjects up to maxSubjects, then forgets idle ones without subscribers', async () => {
    const broker = await fixture.broker(transport, { maxSubjects: 2, subjectIdleMs: 0 });
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, 'kept');
    client.send(frameOf('kept'), frameOf('idle'));
    await client.settle();
    client.publish('new');
    await client.settle();
    expect(client.all('failure')).toEqual([]);
    expect(broker.stats().subjects).toBe(2);
    expect((await client.subscribe(2, '>')).positions.map(({ subject }) => subject).sort()).toEqual([
      'kept',
      'new',
    ]);
  });

  it('refuses a subject beyond maxSubjects when none can be forgotten', async () => {
    const broker = await fixture.broker(transport, { maxSubjects: 2, subjectIdleMs: 0 });
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, '>');
    client.send(frameOf('a'), frameOf('b'), frameOf('c', { id: id(1) }), frameOf('a'));
    await client.settle();
    expect(client.all('failure')).toMatchObject([
      { code: ERRORS.RESOURCE_EXHAUSTED.number, reference: id(1) },
    ]);
    expect(client.labels).toEqual(['a#1', 'b#1', 'a#2']);
  });

  it('counts a subject that was forgotten anew, in a later epoch', async () => {
    const broker = await fixture.broker(transport, { maxSubjects: 1, subjectIdleMs: 0 });
    const client = await fixture.raw(broker.url);
    client.send(frameOf('a', { flags: FrameFlags.ack }), frameOf('a', { flags: FrameFlags.ack }));
    await client.settle();
    client.publish('b', { flags: FrameFlags.ack });
    await client.settle();
    // Idle subjects are looked for once a second at most.
    const stamps = () => client.all('ack').flatMap(({ entries }) => entries);
    while (stamps().length < 4) {
      client.publish('a', { flags: FrameFlags.ack });
      await client.settle();
    }
    const [first, second, , back] = stamps();
    expect([first!.sequence, second!.sequence, back!.sequence]).toEqual([1, 2, 1]);
    expect(second!.epoch).toBe(first!.epoch);
    expect(back!.epoch).toBeGreaterThan(first!.epoch);
  });
});
