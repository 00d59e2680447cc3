import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/codec/generated/modwire/control/verdict.js';
import type { ControlOf } from '../../../src/codec/index.js';
import { ERRORS } from '../../../src/errors.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

function consume(raw: RawClient, message: Partial<ControlOf<'consume'>> = {}): void {
  const request = {
    consumer: 1,
    stream: 'orders',
    name: 'work',
    options: '',
    capacity: 4,
    windowBytes: 2 ** 20,
  };
  raw.control({ type: 'consume', ...request, ...message });
}

function settle(raw: RawClient, first: number, last: number, more: Partial<ControlOf<'settle'>> = {}): void {
  const message = { consumer: 1, verdict: Verdict.ack, offsets: [{ first, last }], delayMs: 0, reason: '' };
  raw.control({ type: 'settle', ...message, ...more });
}

async function scene(transport: TransportName, limits: object = {}, config: object = {}) {
  const broker = await fixture.broker(transport, limits);
  await broker.streams.create({ name: 'orders', filters: ['orders'], storage: 'memory' });
  await broker.consumers.create({ name: 'work', stream: 'orders', ...config });
  const raw = await fixture.raw(broker.url);
  const publish = async (count: number) => {
    for (let n = 0; n < count; n++) raw.publish('orders', { payload: new Uint8Array(100) });
    await eventually('records', () => broker.streams.get('orders').info.lastOffset >= count);
  };
  const info = () => broker.consumers.get('orders', 'work').description.info;
  return { broker, raw, publish, info };
}

describe.each(TRANSPORTS)('taking records over %s', (transport) => {
  const over = (limits?: object, config?: object) => scene(transport, limits, config);

  it('never has more at a member than it takes, in count and in bytes', async () => {
    const { raw, publish, info } = await over();
    await publish(50);
    consume(raw);
    await raw.next('handout');
    await raw.settle();
    expect(raw.all('handout')).toEqual([
      { type: 'handout', consumer: 1, offsets: [{ first: 1, last: 4 }], attempts: [] },
    ]);
    expect(raw.frames).toHaveLength(4);
    const { byteLength } = raw.frames[0]!;
    consume(raw, { consumer: 2, capacity: 1000, windowBytes: 2 * byteLength });
    await raw.next('handout', ({ consumer }) => consumer === 2);
    await raw.settle();
    expect(info().members.map(({ outstanding }) => outstanding)).toEqual([4, 2]);
    settle(raw, 5, 5, { consumer: 2 });
    await eventually('another one', () => raw.all('handout').length === 3);
    expect(info()).toMatchObject({ pending: 6, acked: 1, position: 8 });
  });

  it('says how often each record was handed out once one was before', async () => {
    const { raw, publish } = await over();
    await publish(2);
    consume(raw);
    await raw.next('handout');
    settle(raw, 2, 2, { verdict: Verdict.nak, reason: 'later' });
    const again = await raw.next('handout', ({ attempts }) => attempts.length > 0);
    expect(again).toMatchObject({ offsets: [{ first: 2, last: 2 }], attempts: [2] });
  });

  it('answers what it refuses with the number of the consumer', async () => {
    const { raw } = await over({ maxSessionConsumers: 2 });
    const refused = async (message: Partial<ControlOf<'consume'>>) => {
      const before = raw.all('failure').length;
      consume(raw, message);
      await eventually('a refusal', () => raw.all('failure').length > before);
      const { code, call } = raw.all('failure').at(-1)!;
      return [Object.entries(ERRORS).find(([, row]) => row.number === code)![0], call];
    };
    expect(await refused({ consumer: 3, stream: 'none' })).toEqual(['NOT_FOUND', 3]);
    expect(await refused({ consumer: 3, name: 'none' })).toEqual(['NOT_FOUND', 3]);
    expect(await refused({ consumer: 4, capacity: 0 })).toEqual(['INVALID_ARGUMENT', 4]);
    expect(await refused({ consumer: 5, windowBytes: 0 })).toEqual(['INVALID_ARGUMENT', 5]);
    expect(await refused({ consumer: 6, name: '', options: '{' })).toEqual(['INVALID_ARGUMENT', 6]);
    consume(raw);
    consume(raw, { consumer: 2, name: '' });
    await raw.next('consuming', ({ consumer }) => consumer === 2);
    expect(await refused({ consumer: 2 })).toEqual(['ALREADY_EXISTS', 2]);
    expect(await refused({ consumer: 7 })).toEqual(['RESOURCE_EXHAUSTED', 7]);
    raw.control({ type: 'unconsume', consumer: 2 });
    consume(raw, { consumer: 2, name: '' });
    await raw.settle();
    expect(raw.all('consuming')).toHaveLength(3);
  });

  it('takes no harm from settlements that make no sense', async () => {
    const { raw, publish, info } = await over();
    await publish(3);
    consume(raw, { capacity: 2 });
    consume(raw, { consumer: 2, name: '' });
    await raw.next('handout');
    settle(raw, 1, Number.MAX_SAFE_INTEGER);
    settle(raw, 2 ** 53, 2 ** 53);
    settle(raw, 1, 1, { verdict: 99 });
    settle(raw, 1, 1, { consumer: 2, verdict: Verdict.nak });
    settle(raw, 1, 1, { consumer: 77 });
    settle(raw, 2, 1);
    settle(raw, 0, 0);
    settle(raw, 1_000, 1_001, { verdict: Verdict.term });
    settle(raw, 1, 2, { consumer: 2, offsets: [] });
    await raw.settle();
    expect(raw.all('failure').map(({ code, call }) => [code, call])).toEqual([
      [ERRORS.INVALID_ARGUMENT.number, 1],
      [ERRORS.INVALID_ARGUMENT.number, 1],
      [ERRORS.UNIMPLEMENTED.number, 1],
      [ERRORS.INVALID_ARGUMENT.number, 2],
    ]);
    expect(info()).toMatchObject({ acked: 0, pending: 2, ignored: 3 });
  });

  it('ends a consumer that is not there, or not any more, without a word', async () => {
    const { raw, publish } = await over();
    await publish(1);
    consume(raw, { name: '', options: '{"to":"end"}' });
    await raw.next('finished');
    raw.control({ type: 'unconsume', consumer: 1 });
    raw.control({ type: 'unconsume', consumer: 9 });
    await raw.next('unconsumed', ({ consumer }) => consumer === 9);
    expect(raw.all('unconsumed').map(({ consumer }) => consumer)).toEqual([1, 9]);
    expect(raw.all('failure')).toEqual([]);
  });

  it('hands out nothing more once the broker drains, and takes settlements', async () => {
    const { broker, raw, publish, info } = await over();
    await publish(10);
    consume(raw);
    await raw.next('handout');
    const drained = broker.drain();
    await raw.next('goodbye');
    settle(raw, 1, 4);
    await eventually('them being settled', () => info().acked === 4);
    consume(raw, { consumer: 2 });
    expect((await raw.next('failure')).code).toBe(ERRORS.UNAVAILABLE.number);
    raw.control({ type: 'goodbye', code: 0, message: '', graceMs: 0 });
    await drained;
    expect(raw.frames).toHaveLength(4);
  });
});

describe('a dead letter that cannot be published', () => {
  it('is tried again, and given up without a message when nobody wants one any more', async () => {
    const { broker, raw, publish, info } = await scene(
      TRANSPORTS[0]!,
      { maxSubjects: 1 },
      { deadLetter: 'dead' },
    );
    await publish(1);
    consume(raw);
    await raw.next('handout');
    settle(raw, 1, 1, { verdict: Verdict.term, reason: 'no use' });
    await eventually('it being given up', () => info().givenUp === 1);
    expect(info()).toMatchObject({ terminated: 0, pending: 0, ackFloor: 0 });
    await broker.consumers.update({ stream: 'orders', name: 'work', deadLetter: '' });
    await eventually('it being settled', () => info().terminated === 1);
    expect(info()).toMatchObject({ givenUp: 0, ackFloor: 1 });
  });
});
