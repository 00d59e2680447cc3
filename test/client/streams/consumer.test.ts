import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/codec/generated/modwire/control/verdict.js';
import { type ControlMessage, type ControlOf, Kind, openFrame } from '../../../src/codec/index.js';
import type { Client, ConsumeOptions, LostRange, ModwireError, StreamMessage } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { deferred } from '../../support/deferred.js';
import { type OrderVersionCode, orderVersion } from '../../support/order-contracts.js';
import { frameOf } from '../../support/raw-client.js';
import { ScriptedBroker } from '../../support/scripted-broker.js';

const fixture = new BrokerFixture();

let orders: OrderVersionCode;
beforeAll(async () => {
  orders = await orderVersion('v1');
});

/** What a broker says that lets everyone consume. */
function welcoming(message: ControlMessage): ControlMessage[] {
  if (message.type === 'consume') return [{ type: 'consuming', consumer: message.consumer, json: '{}' }];
  if (message.type === 'unconsume') return [{ type: 'unconsumed', consumer: message.consumer }];
  if (message.type !== 'register') return [];
  const { call, contract } = message;
  const { id: schemaId } = orders.contract;
  return [{ type: 'registered', call, contract, version: 1, schemaId, isNew: false, unreadableBy: [] }];
}

function settled({ verdict, offsets, delayMs, reason }: ControlOf<'settle'>): string {
  const ranges = offsets.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join();
  return [Verdict[verdict], ranges, delayMs || '', reason].filter((part) => part !== '').join(' ');
}

async function scene() {
  const broker = fixture.closing(await ScriptedBroker.start());
  broker.answer = welcoming;
  const client = await fixture.client(broker.url);
  const errors: ModwireError[] = [];
  client.on('error', (error) => errors.push(error));
  /** Hands these offsets to a consumer, as frames with the offset as their payload. */
  const hand = (consumer: number, first: number, last = first, attempts: number[] = []) => {
    const frames = Array.from({ length: last - first + 1 }, (_, index) =>
      frameOf('a', { payload: new TextEncoder().encode(String(first + index)) }),
    );
    broker.say({ type: 'handout', consumer, offsets: [{ first, last }], attempts }, ...frames);
  };
  const number = () => broker.all('consume').at(-1)!.consumer;
  const settles = () => broker.all('settle').map(settled);
  const reconnect = async () => {
    const consumes = broker.all('consume').length;
    broker.drop();
    await broker.nth('consume', consumes + 1);
    await client.flush().catch(() => undefined);
  };
  return { broker, client, errors, hand, number, settles, reconnect };
}

describe('a consumer', () => {
  it('asks for what its options say, and again on each connection, under the same number', async () => {
    const { broker, client, reconnect } = await scene();
    const consumer = await client.consume('orders', 'billing', { capacity: 7, windowBytes: 1000 });
    expect([consumer.stream, consumer.name]).toEqual(['orders', 'billing']);
    await reconnect();
    const asked = { stream: 'orders', name: 'billing', options: '', capacity: 7, windowBytes: 1000 };
    expect(broker.all('consume')).toEqual([
      { type: 'consume', consumer: broker.all('consume')[0]!.consumer, ...asked },
      broker.all('consume')[0],
    ]);
  });

  it('with a handler acknowledges what was handled, and gives back what was not, with the reason', async () => {
    const { client, hand, number, settles, errors } = await scene();
    const seen: string[] = [];
    await client.consume('orders', 'billing', async ({ frame, offset, attempt }) => {
      seen.push(`${frame.text()}=${offset} attempt ${attempt}`);
      if (offset === 3) throw new Error('three is too many');
      await turn();
    });
    hand(number(), 1, 2);
    hand(number(), 3, 5, [4, 1, 2]);
    await eventually('all to be settled', () => settles().length >= 2 && settles().join().includes('5'));
    expect(seen).toEqual(
      [1, 1, 4, 1, 2].map((attempt, index) => `${index + 1}=${index + 1} attempt ${attempt}`),
    );
    expect(settles().filter((one) => one.startsWith('nak'))).toEqual(['nak 3 three is too many']);
    expect(errors.map(({ message }) => message)).toEqual(['three is too many']);
  });

  it('with a handler never runs more of them than its capacity, those of a lost connection included', async () => {
    const { broker, client, hand, number, settles, reconnect } = await scene();
    const gates = new Map<string, () => void>();
    let connection = 1;
    const consumer = await client.consume('orders', 'billing', { capacity: 2 }, ({ offset }) => {
      const { promise, resolve } = deferred<void>();
      gates.set(`${connection}:${offset}`, resolve);
      return promise;
    });
    hand(number(), 1, 2);
    await eventually('two to run', () => consumer.running === 2);
    connection = 2;
    await reconnect();
    hand(number(), 1, 2);
    await eventually('two to wait', () => consumer.queued === 2);
    expect(consumer.running).toBe(2);
    gates.get('1:1')!();
    await eventually('one more to run', () => gates.has('2:1'));
    gates.get('1:2')!();
    await eventually('the last to run', () => gates.has('2:2'));
    expect(settles()).toEqual([]);
    gates.get('2:2')!();
    gates.get('2:1')!();
    await client.flush();
    await eventually('them to be settled', () => broker.all('settle').length > 0);
    expect(settles()).toEqual(['ack 1-2']);
  });

  it('lets each message be settled once, over the connection over which it came', async () => {
    const { client, hand, number, settles, reconnect } = await scene();
    const consumer = await client.consume('orders', 'billing');
    const iterator = consumer[Symbol.asyncIterator]();
    const next = async (): Promise<StreamMessage> => (await iterator.next()).value as StreamMessage;
    hand(number(), 1, 6);
    const [one, two, three, four, five, six] = [
      ...[await next(), await next(), await next(), await next(), await next(), await next()],
    ];
    expect([one!.ack(), one!.ack(), one!.nak()]).toEqual([true, false, false]);
    expect([two!.working(), two!.working(), two!.term('broken'), two!.working()]).toEqual([
      ...[true, true, true, false],
    ]);
    expect([three!.nak({ delayMs: 50, reason: 'later' }), four!.nak({ delayMs: 0 }), five!.nak()]).toEqual([
      ...[true, true, true],
    ]);
    expect(() => six!.nak({ delayMs: 0.5 })).toThrow('delayMs is not valid');
    // A flush says it, too, and what comes after it is behind it.
    await client.flush();
    expect(settles()).toEqual(['working 2', 'term 2 broken', 'nak 3 50 later', 'nak 4 1', 'nak 5', 'ack 1']);
    hand(number(), 7, 8);
    await eventually('more', () => consumer.queued === 2);
    six!.ack();
    await reconnect();
    expect([consumer.queued, six!.working()]).toEqual([0, false]);
    expect(settles()).toHaveLength(6);
  });

  it('that is left in its loop ends, and gives back what it has not looked at', async () => {
    const { broker, client, hand, number, settles } = await scene();
    const consumer = await client.consume('orders', 'billing');
    hand(number(), 1, 4);
    await eventually('all to be there', () => consumer.queued === 4);
    for await (const message of consumer) {
      message.ack();
      break;
    }
    expect(broker.all('unconsume')).toHaveLength(1);
    expect(settles()).toEqual(['nak 2-4 1 the consumer ended before its turn', 'ack 1']);
  });

  it('that is drained hands on what it has, and lets it be settled', async () => {
    const { broker, client, hand, number, settles } = await scene();
    const consumer = await client.consume('orders', 'billing');
    hand(number(), 1, 3);
    await eventually('all to be there', () => consumer.queued === 3);
    await consumer.drain();
    const seen: number[] = [];
    for await (const message of consumer) {
      seen.push(message.offset);
      message.ack();
    }
    await client.flush();
    expect(seen).toEqual([1, 2, 3]);
    expect(settles().join()).toBe('ack 1-3');
    expect(broker.all('unconsume')).toHaveLength(1);
  });

  it.each<[string, (client: Client, stop: () => void) => unknown]>([
    ['its client is drained', (client) => client.drain()],
    ['its signal fires', (_, stop) => stop()],
  ])('with a handler settles what it has when %s', async (_, end) => {
    const { broker, client, hand, number, settles } = await scene();
    const { promise, resolve } = deferred<void>();
    const abort = new AbortController();
    const options: ConsumeOptions = { capacity: 1, signal: abort.signal };
    const consumer = await client.consume('orders', 'billing', options, () => promise);
    hand(number(), 1);
    await eventually('it to run', () => consumer.running === 1);
    const ended = end(client, () => abort.abort());
    await broker.nth('unconsume', 1);
    expect(settles()).toEqual([]);
    resolve();
    await ended;
    await broker.nth('settle', 1);
    expect(settles()).toEqual(['ack 1']);
  });

  it('with a contract has values, and makes what it cannot read a dead letter', async () => {
    const { broker, client, number, settles } = await scene();
    const unreadable: string[] = [];
    client.on('unreadable', ({ subject, filter }) => unreadable.push(`${subject} for ${filter}`));
    const seen: string[] = [];
    const { contract } = orders;
    await client.consume('orders', 'billing', { contract }, ({ value }) => {
      seen.push(value.id!);
    });
    const frames = [
      contract.encode(orders.order('o-1')),
      new Uint8Array(9),
      contract.encode(orders.order('o-2')),
    ];
    broker.say(
      { type: 'handout', consumer: number(), offsets: [{ first: 1, last: 3 }], attempts: [] },
      ...frames.map((payload) => frameOf('orders.eu', { payload })),
    );
    await eventually('all to be settled', () => settles().some((one) => one.startsWith('ack')));
    expect(seen).toEqual(['o-1', 'o-2']);
    expect(unreadable).toEqual(['orders.eu for orders/billing']);
    expect(settles()[0]).toMatch(/^term 2 no payloads of/);
    expect(settles()[1]).toBe('ack 1,3');
  });

  it('takes records of every kind, beside what its client subscribes to, and none of them counts there', async () => {
    const { broker, client, number } = await scene();
    const gaps: unknown[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    broker.answer = (message) => {
      if (message.type !== 'subscribe') return welcoming(message);
      const { subscription } = message;
      return [{ type: 'subscribed', subscription, positions: [], complete: true, missed: [] }];
    };
    const subscribed: string[] = [];
    await client.subscribe('>', (frame) => subscribed.push(`${frame.subject}#${frame.sequence}`));
    const consumed: string[] = [];
    await client.consume('orders', 'billing', ({ frame, offset }) => {
      consumed.push(`${offset} ${frame.subject} ${Kind[frame.kind]}`);
    });
    const kinds = [Kind.request, Kind.reply, Kind.message, Kind.error];
    const [before, after] = [frameOf('live'), frameOf('live')];
    openFrame(before).stamp(1, 7, 1);
    openFrame(after).stamp(2, 7, 1);
    broker.say(
      before,
      {
        type: 'handout',
        consumer: number(),
        offsets: [
          { first: 4, last: 5 },
          { first: 9, last: 10 },
        ],
        attempts: [],
      },
      ...kinds.map((kind) => frameOf('live', { kind })),
      after,
    );
    await eventually('all', () => consumed.length === 4);
    expect(subscribed).toEqual(['live#1', 'live#2']);
    expect(consumed).toEqual(['4 live request', '5 live reply', '9 live message', '10 live error']);
    expect(gaps).toEqual([]);
  });

  it('is told when the broker says what cannot be, and nothing else is', async () => {
    const { broker, client, hand, number, settles, errors } = await scene();
    await client.consume('orders', 'billing', () => undefined);
    const broken = frameOf('a');
    broken[20]! ^= 0xff;
    const handout = (last: number) =>
      ({ type: 'handout', consumer: number(), offsets: [{ first: 1, last }], attempts: [] }) as const;
    broker.say(handout(3), frameOf('a'), broken, frameOf('a'));
    broker.say(handout(3), frameOf('a'));
    broker.say(
      { type: 'handout', consumer: 999, offsets: [{ first: 1, last: 1 }], attempts: [] },
      frameOf('a'),
    );
    hand(number(), 9);
    await eventually('the last to be settled', () => settles().join().includes('9'));
    expect(settles().join()).toMatch(/^ack 1,3/);
    expect(errors.map(({ code }) => code)).toEqual(['MALFORMED_FRAME', 'PROTOCOL_VIOLATION']);
  });

  it('tells of records that are lost, by its option or as an error', async () => {
    const { broker, client, number, errors } = await scene();
    const told: LostRange[] = [];
    await client.consume('orders', 'one', { onLost: (range) => told.push(range) });
    const lost = { type: 'lost', first: 3, last: 5, code: 15, message: 'damaged' } as const;
    broker.say({ ...lost, consumer: number() });
    await client.consume('orders', 'other');
    broker.say({ ...lost, consumer: number() });
    await eventually('both to be told', () => told.length + errors.length === 2);
    expect(told[0]).toMatchObject({ stream: 'orders', first: 3, last: 5, error: { code: 'DATA_LOSS' } });
    expect(errors[0]!.message).toBe('damaged: got nothing of the offsets 3 to 5 (stream orders)');
  });

  it('ends with an error when it is removed, in its loop or as an event, and when it is refused later', async () => {
    const { broker, client, hand, number, errors } = await scene();
    const consumer = await client.consume('orders', 'billing');
    hand(number(), 1);
    broker.say({ type: 'finished', consumer: number(), code: 5, message: 'the stream is gone' });
    const loop = async () => {
      for await (const message of consumer) expect(message.offset).toBe(1);
    };
    await expect(loop()).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'the stream is gone' });
    await client.consume('orders', 'billing', () => undefined);
    broker.say({ type: 'finished', consumer: number(), code: 5, message: 'gone too' });
    await eventually('the event', () => errors.length === 1);
    await client.consume('orders', 'billing', () => undefined);
    broker.answer = ({ ...message }) =>
      message.type === 'consume'
        ? [{ type: 'failure', call: message.consumer, code: 5, message: 'refused' }]
        : [];
    broker.drop();
    await eventually('the refusal', () => errors.length === 2);
    expect(errors.map(({ message }) => message)).toEqual(['gone too', 'refused']);
    expect(broker.all('consume')).toHaveLength(4);
  });

  it('is refused with what the broker says, and for what is not valid', async () => {
    const { broker, client } = await scene();
    broker.answer = (message) =>
      message.type === 'consume'
        ? [{ type: 'failure', call: message.consumer, code: 5, message: 'no such' }]
        : [];
    await expect(client.consume('orders', 'billing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const invalid = { code: 'INVALID_ARGUMENT' };
    for (const options of [{ capacity: 0 }, { capacity: 1.5 }, { windowBytes: 2 ** 32 }]) {
      await expect(client.consume('orders', 'billing', options)).rejects.toMatchObject(invalid);
    }
    await expect(client.consume('', 'billing')).rejects.toMatchObject(invalid);
    await expect(client.consume('orders', '')).rejects.toMatchObject(invalid);
    await expect(client.consume('orders', 'billing', {}, 'me' as never)).rejects.toMatchObject(invalid);
    await client.close();
    await expect(client.consume('orders', 'b')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('that nobody waits for any longer is given up again', async () => {
    const { broker, client } = await scene();
    broker.answer = () => [];
    const abort = new AbortController();
    const consuming = client.consume('orders', 'billing', { signal: abort.signal });
    const { consumer } = await broker.nth('consume', 1);
    abort.abort();
    await expect(consuming).rejects.toMatchObject({ code: 'CANCELLED' });
    broker.say({ type: 'consuming', consumer, json: '{}' });
    expect(await broker.nth('unconsume', 1)).toEqual({ type: 'unconsume', consumer });
  });
});
