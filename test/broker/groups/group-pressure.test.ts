import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

const KIB = 1024;
const LIMITS = { congestedBytes: 64 * KIB, publishWindowBytes: 64 * KIB, slowConsumerMs: 300_000 };
/** Enough to fill the sockets' buffers soon. */
const PAYLOAD = new Uint8Array(50 * KIB);
/** No member is found slow in this time. Milliseconds. */
const LONG = 600_000;

/** What a member has of the subject `a`, frames and ranges that it was told are lost, in their order. */
function accountOf(client: RawClient): number[] {
  return client.received.flatMap((one) => {
    if (!('type' in one)) return [one.sequence];
    if (one.type !== 'gap') return [];
    // It is of the group, and not of what the client itself counts.
    expect(client.shares.get(one)).toBe(1);
    return one.missed.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index),
    );
  });
}

describe.each(TRANSPORTS)('congested members of a group over %s', (transport) => {
  async function scene(names: readonly string[], limits = {}) {
    const broker = await fixture.broker(transport, { ...LIMITS, ...limits });
    const publisher = await fixture.raw(broker.url);
    const members = await Promise.all(names.map((name) => fixture.raw(broker.url, { name })));
    for (const member of members) await member.subscribe(1, 'a', { group: 'g' });
    const publish = async () => {
      publisher.publish('a', { payload: PAYLOAD });
      await publisher.settle();
    };
    return { broker, publisher, publish, members: members as [RawClient, RawClient] };
  }

  /** Waits until every frame so far is accounted for; whether each is so once. */
  async function expectOnce(broker: Broker, members: readonly RawClient[]): Promise<void> {
    const { frames } = broker.stats();
    await eventually('all frames', () => members.flatMap(accountOf).length >= frames);
    const all = members.flatMap(accountOf).toSorted((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: frames }, (_, index) => index + 1));
    for (const member of members) {
      const own = accountOf(member);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  }

  it('are passed over while others keep up: nobody waits for them, and they lose nothing', async () => {
    const { broker, publish, members } = await scene(['stalled', 'reader'], { stallMs: LONG });
    const [stalled, reader] = members;
    stalled.pause();
    let inARow = 0;
    while (inARow < 20) {
      const before = reader.frames.length;
      await publish();
      await reader.settle();
      inARow = reader.frames.length > before ? inARow + 1 : 0;
    }
    expect(broker.stats()).toMatchObject({ congested: 0, slowConsumers: 0 });
    stalled.resume();
    await expectOnce(broker, members);
    expect(accountOf(stalled).length).toBeGreaterThan(10);
  });

  it('make publishers wait when all are, until the first reads again', async () => {
    const { broker, publisher, publish, members } = await scene(['one', 'two'], { stallMs: LONG });
    for (const member of members) member.pause();
    while (broker.stats().congested === 0) await publish();
    await publish();
    const credited = () => publisher.all('credit').at(-1)!.bytes;
    const withheld = credited();
    for (let number = 0; number < 5; number++) await publish();
    expect(credited()).toBe(withheld);
    members[1].resume();
    await eventually('credit', () => credited() > withheld);
    members[0].resume();
    await expectOnce(broker, members);
    expect(broker.stats().congested).toBe(0);
  });

  it('make publishers wait no more when they leave', async () => {
    const { broker, publisher, publish, members } = await scene(['one'], { stallMs: LONG });
    members[0].pause();
    while (broker.stats().congested === 0) await publish();
    await publish();
    const { bytes } = publisher.all('credit').at(-1)!;
    members[0].socket.terminate();
    await eventually('credit', () => publisher.all('credit').at(-1)!.bytes > bytes);
    expect(broker.stats().congested).toBe(0);
  });

  it('make publishers wait no more when another one joins', async () => {
    const { broker, publisher, publish, members } = await scene(['one'], { stallMs: LONG });
    members[0].pause();
    while (broker.stats().congested === 0) await publish();
    await publish();
    const { bytes } = publisher.all('credit').at(-1)!;
    const late = await fixture.raw(broker.url);
    await late.subscribe(1, 'a', { group: 'g' });
    await eventually('credit', () => publisher.all('credit').at(-1)!.bytes > bytes);
    expect(broker.stats().congested).toBe(0);
    members[0].resume();
    await expectOnce(broker, [members[0], late]);
  });

  it('are slow when all are and take nothing: what passes is told as lost to the one that returns first', async () => {
    const { broker, publisher, publish, members } = await scene(['one', 'two'], { stallMs: 100 });
    const [one, two] = members;
    for (const member of members) member.pause();
    await eventually('both being slow', async () => {
      await publish();
      return broker.stats().slowConsumers === 2;
    });
    for (let number = 0; number < 7; number++) publisher.publish('a');
    await publisher.settle();
    two.resume();
    await two.next('gap');
    publisher.publish('a');
    await publisher.settle();
    one.resume();
    await eventually('nobody being slow', () => broker.stats().slowConsumers === 0);
    publisher.publish('a');
    await publisher.settle();
    await expectOnce(broker, members);
    const [lost] = two.all('gap').flatMap(({ missed }) => missed);
    expect(lost!.last - lost!.first + 1).toBeGreaterThanOrEqual(7);
    expect(one.all('gap')).toEqual([]);
  });

  it('leave what they lost to be told to one who joins meanwhile, before its first message', async () => {
    const { broker, publisher, publish, members } = await scene(['one'], { stallMs: 100 });
    const [one] = members;
    one.pause();
    await eventually('it being slow', async () => {
      await publish();
      return broker.stats().slowConsumers === 1;
    });
    for (let number = 0; number < 3; number++) publisher.publish('a');
    await publisher.settle();
    const late = await fixture.raw(broker.url);
    await late.subscribe(1, '*', { group: 'g' });
    publisher.publish('a');
    await publisher.settle();
    await late.settle();
    expect(late.received.slice(-4).map((entry) => ('type' in entry ? entry.type : entry.sequence))).toEqual([
      'share',
      'gap',
      broker.stats().frames,
      'pong',
    ]);
    one.resume();
    await eventually('nobody being slow', () => broker.stats().slowConsumers === 0);
    await expectOnce(broker, [one, late]);
    expect(one.all('gap')).toEqual([]);
  });

  it('lose apart what their session gets beside the group: each count is right for itself', async () => {
    const { broker, publisher, publish, members } = await scene(['one'], { stallMs: 100 });
    const [one] = members;
    await one.subscribe(2, 'a');
    one.pause();
    await eventually('it being slow', async () => {
      await publish();
      return broker.stats().slowConsumers === 1;
    });
    for (let number = 0; number < 3; number++) publisher.publish('a');
    await publisher.settle();
    one.resume();
    await eventually('it not being slow', () => broker.stats().slowConsumers === 0);
    publisher.publish('a');
    await publisher.settle();
    await one.settle();
    const { frames } = broker.stats();
    for (const number of [0, 1]) {
      const told = one.all('gap').filter((gap) => (one.shares.get(gap) ?? 0) === number);
      const missed = told.flatMap((gap) => gap.missed);
      expect(missed).toHaveLength(1);
      expect(missed[0]!.last).toBe(frames - 1);
      const got = one.labelsOf(number);
      expect(got).toHaveLength(missed[0]!.first);
      expect(got.at(-1)).toBe(`a#${frames}`);
    }
  });
});
