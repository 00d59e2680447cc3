import { describe, expect, it } from 'vitest';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import type { FrameView, ReplayOptions, ReplayProgress } from '../../../src/index.js';
import { ContentType, ReplayStopped } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const fixture = new BrokerFixture();

/** All that its producer said in a frame, but for its subject and flags. */
function saidIn(frame: FrameView): unknown {
  const { payload, id, publishedAt, timeout, kind, contentType, priority, headers } = frame;
  const { traceId, spanId, traceFlags, correlationId, causationId, schemaId } = frame;
  const { tracestate, baggage, experiment, variant, assignmentKey } = frame;
  const bytes = { payload, id, traceId, spanId, correlationId, causationId, schemaId };
  const hex = Object.entries(bytes).map(([name, one]) => [name, one && Buffer.from(one).toString('hex')]);
  return {
    ...{ ...Object.fromEntries(hex), publishedAt, timeout, kind, contentType, priority, headers },
    ...{ traceFlags, tracestate, baggage, experiment, variant, assignmentKey },
    trace: frame.has('trace'),
  };
}

const filled = (byte: number, length = 16) => new Uint8Array(length).fill(byte);

const EVERYTHING = {
  ...{ id: filled(1), correlationId: filled(2), causationId: filled(3), schemaId: filled(4) },
  trace: { traceId: filled(5), spanId: filled(6, 8), flags: 1 },
  ...{ contentType: ContentType.tensor, priority: 9, timeout: 123_456_789 },
  ...{ tracestate: 'a=1,b=2', baggage: 'user=größe', experiment: 'ranker', variant: 'b' },
  assignmentKey: 'customer-7',
  headers: [['tenant', 'acme'] as const, ['tenant', ''] as const],
};

describe.each(TRANSPORTS)('a replay over %s', (transport) => {
  async function scene(count = 0, config: object = {}) {
    const broker = await fixture.broker(transport);
    await broker.streams.create({ name: 'orders', filters: ['orders.>'], storage: 'memory', ...config });
    const client = await fixture.client(broker.url);
    const acks: Promise<unknown>[] = [];
    for (let n = 1; n <= count; n++) acks.push(client.publish(`orders.${'ab'[n % 2]}`, n, { ack: true }));
    await Promise.all(acks);
    const frames: FrameView[] = [];
    await client.subscribe('>', (frame) => frames.push(frame.copy()));
    const replay = async (options: ReplayOptions) => {
      const counts = await client.replay('orders', options);
      await client.flush();
      return counts;
    };
    const numbers = () => frames.map((frame) => frame.json());
    return { broker, client, frames, replay, numbers };
  }

  const upTo = (last: number, first = 1) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);

  it('publishes everything that was said, byte for byte, and marks it', async () => {
    const { client, frames, replay } = await scene();
    await client.publish('orders.eu', filled(200, 999), { ...EVERYTHING, ack: true });
    await client.publish('orders.us', new Uint8Array(0), { ack: true });
    expect(await replay({ into: 'again.>' })).toEqual({
      ...{ published: 2, leftOut: 0, refused: 0, lost: [], nextOffset: 3 },
    });
    const [first, second, ...again] = frames as [FrameView, FrameView, ...FrameView[]];
    expect(again.map(saidIn)).toEqual([saidIn(first), saidIn(second)]);
    expect(again.map(({ subject }) => subject)).toEqual(['again.orders.eu', 'again.orders.us']);
    expect([first, ...again].map(({ flags }) => flags & FrameFlags.replayed)).toEqual([0, 4, 4]);
    expect(first.experiment).toBe('ranker');
  });

  it('keeps the order of thousands of messages, whatever their subjects', async () => {
    const { frames, replay, numbers } = await scene(2_000);
    const progress: ReplayProgress[] = [];
    const { published } = await replay({ into: 'again', onProgress: (one) => progress.push(one) });
    expect([published, numbers()]).toEqual([2_000, upTo(2_000)]);
    expect(new Set(frames.map(({ subject }) => subject))).toEqual(new Set(['again']));
    expect(progress.at(-1)).toMatchObject({
      ...{ published: 2_000, firstOffset: 1, lastOffset: 2_000, nextOffset: 2_001 },
    });
  });

  it('reads from a place to another what its filter selects', async () => {
    const { replay, numbers } = await scene(10);
    await replay({ into: 'again', from: { offset: 3 }, to: { offset: 8 }, filter: 'orders.a' });
    expect(numbers()).toEqual([4, 6, 8]);
    const counts = await replay({ into: 'again', filter: 'orders.a', to: { offset: 9 } });
    expect(counts).toMatchObject({ published: 4, nextOffset: 10 });
  });

  it('ends with what the stream had when it began, where it goes into the same stream, which stores it once more', async () => {
    const { broker, replay, numbers, frames } = await scene(3);
    await replay({ into: '>' });
    expect(numbers()).toEqual([1, 2, 3]);
    expect(frames.map(({ subject }) => subject)).toEqual(['orders.b', 'orders.a', 'orders.b']);
    expect(broker.streams.get('orders').info).toMatchObject({ records: 6, lastOffset: 6 });
    // Now each message is there twice.
    expect(await replay({ into: '>' })).toMatchObject({ published: 6 });
    expect(numbers().slice(3)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('leaves an ordinary message that comes again what it is: a duplicate', async () => {
    const { broker, client, replay } = await scene();
    const id = filled(7);
    await client.publish('orders.a', 1, { ack: true, id });
    await replay({ into: '>' });
    await client.publish('orders.a', 1, { ack: true, id });
    expect(broker.streams.get('orders').info.records).toBe(2);
  });

  it('leaves out what is no message', async () => {
    const { client, replay, numbers } = await scene(1, { kinds: ['message', 'request', 'reply'] });
    await client.serve('orders.a', () => 'done');
    await client.request('orders.a', 'do');
    expect(await replay({ into: 'again' })).toMatchObject({ published: 1, leftOut: 2, nextOffset: 4 });
    expect(numbers()).toEqual([1]);
  });

  it('waits as long as its speed says, and when its signal fires says where to go on', async () => {
    const { client, replay, numbers } = await scene(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await client.publish('orders.a', 2, { ack: true });
    const abort = new AbortController();
    const stopped = replay({
      ...{ into: 'again', speed: 0.0001, signal: abort.signal },
      onProgress: ({ published }) => published === 1 && abort.abort(),
    });
    const error = await stopped.then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ReplayStopped);
    expect(error).toMatchObject({ code: 'CANCELLED', counts: { published: 1, nextOffset: 2 } });
    expect(error.message).toContain('1 messages are published; go on from offset 2');
    await replay({ into: 'again', from: { offset: error.counts.nextOffset } });
    expect(numbers()).toEqual([2, 1, 2]);
  });

  it('stops with the connection, and goes on without a hole', async () => {
    const { broker, frames, numbers } = await scene(5_000);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const replaying = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    let cut = false;
    const onProgress = ({ published }: ReplayProgress) => {
      if (cut || published === 0) return;
      cut = true;
      proxy.cut();
    };
    const error = await replaying.replay('orders', { into: 'again', onProgress }).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'ModwireError', code: 'UNAVAILABLE' });
    proxy.restore();
    await eventually('the connection', () => replaying.connected);
    const { nextOffset, published } = (error as ReplayStopped).counts;
    expect(published).toBeGreaterThanOrEqual(nextOffset - 1);
    await replaying.replay('orders', { into: 'again', from: { offset: nextOffset } });
    await eventually('the last message', () => frames.at(-1)?.json() === 5_000);
    // At least once: what was under way may be there twice.
    const firsts = [...new Set(numbers())];
    expect(firsts).toEqual(upTo(5_000));
  });

  it('stops where a message is refused, unless somebody is told of it', async () => {
    const { client, replay, numbers } = await scene(2);
    const long = `orders.${'x'.repeat(240)}`;
    await client.publish(long, 3, { ack: true });
    await client.publish('orders.a', 4, { ack: true });
    await client.flush();
    const into = 'a.longer.place.>';
    const before = numbers().length;
    const error = await replay({ into }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', counts: { nextOffset: 3 } });
    await client.flush();
    const stoppedAt = numbers().length;
    expect(numbers().slice(before, before + 2)).toEqual([1, 2]);
    const refused: unknown[] = [];
    const counts = await replay({ into, onRefused: ({ code }, { offset }) => refused.push([code, offset]) });
    expect(refused).toEqual([['INVALID_ARGUMENT', 3]]);
    expect(counts).toMatchObject({ published: 3, refused: 1, nextOffset: 5 });
    expect(numbers().slice(stoppedAt)).toEqual([1, 2, 4]);
    await expect(replay({ into: '$reserved' })).rejects.toMatchObject({
      counts: { published: 0, nextOffset: 1 },
    });
  });

  it('stops where records are gone, unless somebody is told of them', async () => {
    const { broker, replay, numbers } = await scene(6);
    await broker.streams.purge('orders', { keep: 2 });
    const from = { offset: 2 };
    const error = await replay({ into: 'again', from }).catch((thrown) => thrown);
    expect(error).toMatchObject({ counts: { lost: [{ first: 2, last: 4 }], nextOffset: 5 } });
    const lost: unknown[] = [];
    const counts = await replay({
      into: 'again',
      from,
      onLost: ({ first, last }) => lost.push([first, last]),
    });
    expect(counts).toMatchObject({ published: 2, lost: [{ first: 2, last: 4 }], nextOffset: 7 });
    expect([lost, numbers()]).toEqual([[[2, 4]], [5, 6]]);
  });

  it('refuses what is not valid before it reads', async () => {
    const { replay, client } = await scene();
    const wrong = [{ into: '' }, { into: 'a.*.>' }, { into: 'a.*' }, { into: '.>' }];
    const speeds = [0, -1, Number.NaN, 'fast'] as never[];
    for (const options of [...wrong, ...speeds.map((speed) => ({ into: 'a', speed }))]) {
      await expect(replay(options), JSON.stringify(options)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    await expect(client.replay('nothing', { into: 'a' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const signal = AbortSignal.abort();
    await expect(replay({ into: 'a', signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
