import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ControlMessage, ControlOf } from '../../../src/codec/index.js';
import type { Client, LostRange, ReadOptions, StreamReader } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { frameOf } from '../../support/raw-client.js';
import { ScriptedBroker } from '../../support/scripted-broker.js';

const fixture = new BrokerFixture();

const PAYLOAD = new Uint8Array(100);

/** A stream of records 1 to `last`, and what there is of its one reader. It hands out as much as the window holds. */
class ServedStream {
  readonly lost = new Set<number>();
  last: number;
  #consumer = 0;
  #capacity = 0;
  #next = 1;
  #end = Number.POSITIVE_INFINITY;
  /** Offsets handed out and not settled. */
  #underWay: number[] = [];

  constructor(last: number) {
    this.last = last;
  }

  answer(message: ControlMessage): (ControlMessage | Uint8Array)[] {
    if (message.type === 'consume') return this.#consume(message);
    if (message.type === 'settle') {
      const { last } = message.offsets[0]!;
      this.#underWay = this.#underWay.filter((offset) => offset > last);
    }
    if (message.type === 'unconsume') return [{ type: 'unconsumed', consumer: message.consumer }];
    return this.handOut();
  }

  handOut(): (ControlMessage | Uint8Array)[] {
    const said: (ControlMessage | Uint8Array)[] = [];
    const consumer = this.#consumer;
    const until = Math.min(this.last, this.#end);
    for (; this.#next <= until && this.#underWay.length < this.#capacity; this.#next++) {
      const first = this.#next;
      if (this.lost.has(first)) {
        said.push({ type: 'lost', consumer, first, last: first, code: 15, message: 'damaged' });
      } else {
        this.#underWay.push(first);
        said.push({ type: 'handout', consumer, offsets: [{ first, last: first }], attempts: [] });
        said.push(frameOf('a', { payload: PAYLOAD }));
      }
    }
    if (this.#next > this.#end) said.push({ type: 'finished', consumer, code: 0, message: '' });
    return said;
  }

  #consume({ consumer, options, capacity }: ControlOf<'consume'>): (ControlMessage | Uint8Array)[] {
    const { from, to } = JSON.parse(options);
    this.#consumer = consumer;
    this.#capacity = capacity;
    this.#next = from.offset ?? (from === 'new' ? this.last + 1 : 1);
    this.#end = to === 'end' ? this.last : (to?.offset ?? Number.POSITIVE_INFINITY);
    this.#underWay = [];
    const about = { from: this.#next, ...(Number.isFinite(this.#end) && { to: this.#end }) };
    return [{ type: 'consuming', consumer, json: JSON.stringify(about) }, ...this.handOut()];
  }
}

async function scene(last: number) {
  const broker = fixture.closing(await ScriptedBroker.start());
  const stream = new ServedStream(last);
  broker.answer = (message) => stream.answer(message);
  const client = await fixture.client(broker.url);
  const reconnect = async () => {
    const hellos = broker.all('hello').length;
    const back = new Promise((resolve) => client.on('reconnect', resolve));
    broker.drop();
    await broker.nth('hello', hellos + 1);
    await back;
  };
  const options = () => broker.all('consume').map((one) => JSON.parse(one.options));
  return { broker, stream, client, reconnect, options };
}

async function offsetsOf(reader: StreamReader, count = Number.POSITIVE_INFINITY): Promise<number[]> {
  const offsets: number[] = [];
  while (offsets.length < count) {
    const { done, value } = await reader.next();
    if (done) break;
    offsets.push(value.offset);
  }
  return offsets;
}

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

async function read(client: Client, options: ReadOptions): Promise<number[]> {
  return offsetsOf(await client.readStream('log', options));
}

describe('a reader of a stream', () => {
  it('reads from where to where its options say, and ends there', async () => {
    const { client, options } = await scene(9);
    expect(await read(client, { to: 'end' })).toEqual(upTo(9));
    expect(await read(client, { from: { offset: 4 }, to: { offset: 6 }, filter: 'a.>' })).toEqual([4, 5, 6]);
    expect(await read(client, { from: 'new', to: 'end' })).toEqual([]);
    expect(options()).toEqual([
      { from: 'all', to: 'end' },
      { from: { offset: 4 }, to: { offset: 6 }, filter: 'a.>' },
      { from: 'new', to: 'end' },
    ]);
  });

  it('says how far it is whenever a quarter of its window is taken, by records or bytes', async () => {
    const { broker, client } = await scene(40);
    const settled = () => broker.all('settle').map(({ offsets }) => offsets[0]!.last);
    expect(await read(client, { to: 'end', capacity: 16 })).toEqual(upTo(40));
    // At the end it does not matter any more.
    expect(settled()).toEqual(
      upTo(10)
        .map((nth) => 4 * nth)
        .slice(0, settled().length),
    );
    expect(settled().length).toBeGreaterThanOrEqual(6);
    const before = settled().length;
    const { byteLength } = frameOf('a', { payload: PAYLOAD });
    const reader = await client.readStream('log', { windowBytes: byteLength * 20 });
    await offsetsOf(reader, 12);
    await client.flush();
    expect(settled().slice(before)).toEqual([5, 10]);
    await reader.close();
  });

  it('hands over all that is there in one batch, and the next when that is taken', async () => {
    const { stream, client, broker } = await scene(6);
    const reader = await client.readStream('log', { capacity: 4 });
    await eventually('a window', () => reader.queued === 4);
    const batches: number[][] = [];
    for await (const batch of reader.batches()) {
      batches.push(batch.map(({ offset }) => offset));
      if (batches.length === 1) await eventually('the rest', () => reader.queued === 2);
      if (batches.length === 2) {
        stream.last = 7;
        broker.say(...stream.handOut());
      }
      if (batches.length === 3) break;
    }
    expect(batches).toEqual([[1, 2, 3, 4], [5, 6], [7]]);
    expect(broker.all('unconsume')).toHaveLength(1);
  });

  it('throws what is lost in its place, once, and goes on behind it when it is used again', async () => {
    const { stream, client } = await scene(6);
    stream.lost.add(3).add(6);
    for (const way of ['one by one', 'in batches']) {
      const reader = await client.readStream('log', { to: 'end' });
      const seen: (number | string)[] = [];
      const iterate = async () => {
        if (way === 'one by one') for await (const { offset } of reader) seen.push(offset);
        else for await (const batch of reader.batches()) seen.push(...batch.map(({ offset }) => offset));
        seen.push('end');
      };
      for (let round = 0; round < 3; round++) await iterate().catch(({ code }) => seen.push(code));
      expect([way, ...seen]).toEqual([way, 1, 2, 'DATA_LOSS', 4, 5, 'DATA_LOSS', 'end']);
    }
  });

  it('tells what is lost in its place where somebody asks to be told', async () => {
    const { stream, client } = await scene(5);
    stream.lost.add(2);
    const seen: unknown[] = [];
    const onLost = ({ stream: name, first, last, error }: LostRange) => {
      seen.push([name, first, last, error.code]);
    };
    const reader = await client.readStream('log', { to: 'end', onLost });
    for await (const { offset } of reader) seen.push(offset);
    expect(seen).toEqual([1, ['log', 2, 2, 'DATA_LOSS'], 3, 4, 5]);
  });

  it('gets everything once and in order, wherever its connection is lost', async () => {
    const cut = fc.integer({ min: 0, max: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(cut, { maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        async (cuts, capacity) => {
          const { stream, client, reconnect } = await scene(30);
          stream.lost.add(7).add(20);
          const reader = await client.readStream('log', { to: 'end', capacity });
          const seen: number[] = [];
          // What comes after it has begun is not its business.
          stream.last = 99;
          for (;;) {
            if (cuts.includes(seen.length)) {
              cuts.splice(cuts.indexOf(seen.length), 1);
              await reconnect();
            }
            try {
              const { done, value } = await reader.next();
              if (done) break;
              seen.push(value.offset);
            } catch {
              seen.push(seen.length + 1);
            }
          }
          expect(seen).toEqual(upTo(30));
          await client.close();
        },
      ),
      { numRuns: 12 },
    );
  });

  it('goes on where it began when nothing had come before the connection was lost', async () => {
    const { stream, client, broker, reconnect, options } = await scene(5);
    const reader = await client.readStream('log', { from: 'new' });
    stream.last = 7;
    await reconnect();
    expect(await offsetsOf(reader, 2)).toEqual([6, 7]);
    await reconnect();
    expect(options()).toEqual([{ from: 'new' }, { from: { offset: 6 } }, { from: { offset: 8 } }]);
    stream.last = 8;
    broker.say(...stream.handOut());
    expect(await offsetsOf(reader, 1)).toEqual([8]);
  });

  it('does not gather more with each connection while nobody takes anything', async () => {
    const { client, reconnect } = await scene(40);
    const reader = await client.readStream('log', { to: 'end', capacity: 8 });
    for (let round = 0; round < 4; round++) {
      await eventually('a window', () => reader.queued === 8);
      await reconnect();
    }
    expect(await offsetsOf(reader)).toEqual(upTo(40));
  });

  it('that is left in its loop, or closed, is read no longer', async () => {
    const { broker, client } = await scene(9);
    for await (const { offset } of await client.readStream('log')) if (offset === 3) break;
    const reader = await client.readStream('log');
    await reader.close();
    expect(await offsetsOf(reader)).toEqual([]);
    expect(broker.all('unconsume')).toHaveLength(2);
  });

  it('never takes a part for the whole: it throws when its client is closed, its signal fires, or its stream goes', async () => {
    const { broker, client } = await scene(3);
    const abort = new AbortController();
    const aborted = await client.readStream('log', { to: { offset: 9 }, signal: abort.signal });
    abort.abort();
    await expect(offsetsOf(aborted)).rejects.toMatchObject({ code: 'CANCELLED' });
    const removed = await client.readStream('log', { to: { offset: 9 } });
    const consumer = broker.all('consume').at(-1)!.consumer;
    broker.say({ type: 'finished', consumer, code: 5, message: 'the stream is gone' });
    const seen: number[] = [];
    const iterate = async () => {
      for await (const { offset } of removed) seen.push(offset);
    };
    await expect(iterate()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(seen).toEqual([1, 2, 3]);
    const closed = await client.readStream('log', { to: { offset: 9 } });
    const reading = offsetsOf(closed);
    await client.close();
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('is refused with what the broker says, for what is not valid, and when its broker does not say where it is', async () => {
    const { broker, client } = await scene(3);
    await expect(client.readStream('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(client.readStream('log', { capacity: -1 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    broker.answer = (message) =>
      message.type === 'consume'
        ? [{ type: 'failure', call: message.consumer, code: 5, message: 'no such' }]
        : [];
    await expect(client.readStream('log')).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no such' });
    broker.answer = (message) =>
      message.type === 'consume' ? [{ type: 'consuming', consumer: message.consumer, json: 'x' }] : [];
    await expect(client.readStream('log')).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });
});
