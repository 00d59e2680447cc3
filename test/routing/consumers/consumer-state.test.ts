import { describe, expect, it } from 'vitest';
import type { ConsumerConfig } from '../../../src/routing/consumers/consumer-config.js';
import { cursorAt, decodeCursor } from '../../../src/routing/consumers/consumer-cursor.js';
import { CONSUMER_LIMITS } from '../../../src/routing/consumers/consumer-limits.js';
import { ConsumerState } from '../../../src/routing/consumers/consumer-state.js';
import { deadLetterHeaders } from '../../../src/routing/consumers/dead-letter.js';
import { readConsumerConfig } from '../../../src/routing/consumers/read-consumer-config.js';

const configOf = (changed: Partial<ConsumerConfig> = {}) =>
  readConsumerConfig({ name: 'billing', stream: 'orders', ackWaitMs: 1_000, deadLetter: 'dead', ...changed });

const consumerOf = (changed: Partial<ConsumerConfig> = {}, position = 1) =>
  new ConsumerState(configOf(changed), cursorAt(position), () => 0);

const restored = (consumer: ConsumerState, config = consumer.config) =>
  new ConsumerState(config, decodeCursor(consumer.snapshot()), () => 0);

/** What is handed out of a stream that has every offset up to `last`: member, offset and attempt, in order. */
function pump(consumer: ConsumerState, nowMs: number, last = 100): [string, number, number][] {
  const handed: [string, number, number][] = [];
  for (let wanted = consumer.wanted(nowMs); wanted !== undefined; wanted = consumer.wanted(nowMs)) {
    if (wanted.offset > last) break;
    const { member, offset, attempt } = consumer.deliver(wanted.offset, nowMs)!;
    handed.push([member.name, offset, attempt]);
  }
  return handed;
}

const offsets = (handed: readonly [string, number, number][]) => handed.map(([, offset]) => offset);

describe('a durable consumer', () => {
  it('wants nothing while nobody is there, and then begins at its position', () => {
    const consumer = consumerOf({}, 7);
    expect([consumer.wanted(0), consumer.nextDueMs]).toEqual([undefined, Number.POSITIVE_INFINITY]);
    consumer.join('a', 1);
    expect(consumer.wanted(0)).toEqual({ kind: 'next', offset: 7, onlyLastUntil: 0 });
    expect(consumer.info.ackFloor).toBe(6);
  });

  it('gives one member everything in order, as it has room', () => {
    const consumer = consumerOf();
    consumer.join('a', 3);
    expect(offsets(pump(consumer, 0, 5))).toEqual([1, 2, 3]);
    expect(consumer.ack(2)).toBe(true);
    expect(offsets(pump(consumer, 0, 5))).toEqual([4]);
    for (const offset of [1, 3, 4]) consumer.ack(offset);
    expect(consumer.info).toMatchObject({ position: 5, ackFloor: 4, pending: 0, acked: 4, delivered: 4 });
    expect(offsets(pump(consumer, 0, 5))).toEqual([5]);
  });

  it('gives each record to the member with the fewest for its concurrency, in turn among equals', () => {
    const consumer = consumerOf();
    consumer.join('a', 1);
    consumer.join('b', 2);
    consumer.join('c', 1);
    expect(pump(consumer, 0).map(([member]) => member)).toEqual(['b', 'a', 'c', 'b']);
    consumer.ack(1);
    consumer.ack(3);
    expect(pump(consumer, 0).map(([member]) => member)).toEqual(['c', 'b']);
  });

  it('passes over a member that is not ready', () => {
    const consumer = consumerOf();
    const member = consumer.join('a', 9);
    member.ready = false;
    expect(consumer.wanted(0)).toBeUndefined();
    expect(consumer.deliver(1, 0)).toBeUndefined();
    consumer.join('b', 1);
    expect(pump(consumer, 0)).toEqual([['b', 1, 1]]);
  });

  it('has no more under way than it may, whatever room there is', () => {
    const consumer = consumerOf({ maxAckPending: 4, backoffMs: [50] });
    const member = consumer.join('a', 100);
    expect(offsets(pump(consumer, 0))).toEqual([1, 2, 3, 4]);
    expect(consumer.deliver(5, 0)).toBeUndefined();
    // Still under way: it waits for its next attempt.
    consumer.nak(member, 2, 0);
    expect(pump(consumer, 0)).toEqual([]);
    consumer.ack(1);
    expect(offsets(pump(consumer, 0))).toEqual([5]);
    expect(consumer.info).toMatchObject({ ackFloor: 1, pending: 3, waiting: 1 });
  });

  it('goes on however long one record takes, and keeps no more for it', () => {
    const consumer = consumerOf({ ackWaitMs: 86_400_000, maxAckPending: 10 });
    consumer.join('a', 10);
    for (let offset = 1; offset <= 10_000; offset++) {
      consumer.wanted(0);
      consumer.deliver(offset, 0);
      if (offset > 1) consumer.ack(offset);
    }
    expect(consumer.info).toMatchObject({ ackFloor: 0, position: 10_001, pending: 1 });
    expect(consumer.snapshot().length).toBeLessThan(100);
    expect(restored(consumer).info).toMatchObject({
      ackFloor: 0,
      position: 10_001,
      waiting: 1,
      acked: 9_999,
    });
  });

  it('delivers again what is not settled in time, after its delay, before anything new', () => {
    const consumer = consumerOf({ backoffMs: [100, 300], maxDeliver: 0 });
    consumer.join('a', 1);
    pump(consumer, 0);
    consumer.join('b', 5);
    expect(consumer.nextDueMs).toBe(1_000);
    expect(offsets(pump(consumer, 999, 1))).toEqual([]);
    expect(consumer.wanted(1_000)).toMatchObject({ kind: 'next', offset: 2 });
    expect(consumer.nextDueMs).toBe(1_100);
    expect(pump(consumer, 1_100, 2)).toEqual([
      ['b', 1, 2],
      ['b', 2, 1],
    ]);
    consumer.ack(2);
    // The last of the delays is that of all further ones.
    for (const [attempt, dueMs] of [
      [3, 2_400],
      [4, 3_700],
    ] as const) {
      consumer.wanted(dueMs - 300);
      expect(pump(consumer, dueMs - 1, 2)).toEqual([]);
      expect(pump(consumer, dueMs, 2)).toMatchObject([[expect.any(String), 1, attempt]]);
    }
    expect(consumer.info).toMatchObject({ delivered: 5, redelivered: 3 });
  });

  it('delivers again what a member refuses: after its delay, or else that of the configuration', () => {
    const consumer = consumerOf({ backoffMs: [100] });
    const member = consumer.join('a', 10);
    pump(consumer, 0, 3);
    expect(consumer.nak(member, 1, 0)).toBe(true);
    expect(consumer.nak(member, 2, 0, { delayMs: 0 })).toBe(true);
    expect(consumer.nak(member, 3, 0, { delayMs: 500 })).toBe(true);
    expect(offsets(pump(consumer, 0, 3))).toEqual([2]);
    expect(consumer.nextDueMs).toBe(100);
    expect(offsets(pump(consumer, 100, 3))).toEqual([1]);
    expect(offsets(pump(consumer, 500, 3))).toEqual([3]);
  });

  it('waits on for a member that is at it still', () => {
    const consumer = consumerOf();
    const member = consumer.join('a', 1);
    pump(consumer, 0);
    expect(consumer.working(member, 1, 900)).toBe(true);
    expect([consumer.wanted(1_899), consumer.nextDueMs, consumer.info.pending]).toEqual([
      undefined,
      1_900,
      1,
    ]);
    expect(consumer.wanted(1_900)).toMatchObject({ kind: 'again', offset: 1 });
    expect(consumer.working(member, 1, 1_900)).toBe(false);
  });

  it('delivers again at once, in order, what a member had that is gone', () => {
    const consumer = consumerOf({ backoffMs: [60_000] });
    const member = consumer.join('a', 3);
    pump(consumer, 0);
    consumer.leave(member, 10);
    expect(consumer.info).toMatchObject({ pending: 0, waiting: 3, members: [] });
    consumer.join('b', 10);
    expect(pump(consumer, 10, 3)).toEqual([1, 2, 3].map((offset) => ['b', offset, 2]));
    consumer.leave(member, 11);
    expect(consumer.info.pending).toBe(3);
  });

  it('ignores what settles nothing, and says so', () => {
    const consumer = consumerOf();
    const [a, b] = [consumer.join('a', 1), consumer.join('b', 1)];
    pump(consumer, 0);
    expect(consumer.ack(3)).toBe(false);
    expect(consumer.nak(b, 1, 0)).toBe(false);
    expect(consumer.working(b, 1, 0)).toBe(false);
    expect(consumer.ack(1)).toBe(true);
    expect([consumer.ack(1), consumer.term(1, 'no'), consumer.nak(a, 1, 0)]).toEqual([false, false, false]);
    expect(consumer.info).toMatchObject({ ignored: 6, acked: 1, pending: 1 });
  });

  it('takes a late acknowledgement, also while another member has the record', () => {
    const consumer = consumerOf();
    const [a, b] = [consumer.join('a', 1), consumer.join('b', 1)];
    pump(consumer, 0);
    consumer.wanted(1_000);
    expect(consumer.ack(1)).toBe(true);
    expect(pump(consumer, 1_000, 2)).toEqual([['a', 2, 2]]);
    expect(consumer.nak(b, 2, 1_000)).toBe(false);
    expect(consumer.ack(2)).toBe(true);
    expect([a.outstanding, consumer.info.acked, consumer.info.ackFloor]).toEqual([0, 2, 2]);
  });

  it('delivers only the last of each subject up to where it was made, when it shall begin so', () => {
    const consumer = new ConsumerState(configOf(), cursorAt(1, 40), () => 0);
    consumer.join('a', 10);
    expect(consumer.wanted(0)).toEqual({ kind: 'next', offset: 1, onlyLastUntil: 40 });
    consumer.passed(38);
    consumer.deliver(39, 0);
    expect(restored(consumer).info).toMatchObject({ ackFloor: 38, position: 40 });
    const again = restored(consumer);
    again.join('a', 10);
    expect(again.wanted(0)).toEqual({ kind: 'again', offset: 39, onlyLastUntil: 40 });
  });

  it('passes what the filter does not select', () => {
    const consumer = consumerOf();
    consumer.join('a', 10);
    consumer.passed(4);
    expect(consumer.info).toMatchObject({ position: 5, ackFloor: 4 });
    consumer.passed(2);
    consumer.deliver(6, 0);
    expect(consumer.info).toMatchObject({ position: 7, ackFloor: 5, lost: 0 });
  });

  it('counts what the stream has no more as lost, but not what a member has', () => {
    const consumer = consumerOf({ backoffMs: [100] });
    const member = consumer.join('a', 3);
    pump(consumer, 0);
    consumer.nak(member, 2, 0);
    consumer.gone(1, 9);
    expect(consumer.info).toMatchObject({ position: 10, lost: 7, pending: 2, waiting: 0, ackFloor: 0 });
    expect([consumer.ack(1), consumer.ack(2), consumer.ack(3)]).toEqual([true, false, true]);
    expect(consumer.info).toMatchObject({ ackFloor: 9, acked: 2 });
    // Beyond what has been looked at: found when it is its turn.
    consumer.gone(12, 14);
    expect(consumer.info).toMatchObject({ position: 10, lost: 7 });
  });
});

describe('dead letters', () => {
  const refused = (attempts: number, consumer: ConsumerState) => {
    const member = consumer.join('a', 1);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      consumer.wanted(attempt);
      consumer.deliver(1, attempt);
      consumer.nak(member, 1, attempt, { delayMs: 0, reason: `no ${attempt}` });
    }
    return member;
  };

  it('are of records with too many attempts: published first, settled then', () => {
    const consumer = consumerOf({ maxDeliver: 3 });
    refused(3, consumer);
    expect(offsets(pump(consumer, 5, 2))).toEqual([2]);
    expect(consumer.info).toMatchObject({ givenUp: 1, ackFloor: 0, deadLettered: 0 });
    expect([consumer.ack(1), consumer.term(1, 'late')]).toEqual([false, false]);
    const history = [1, 2, 3].map((at) => ({ atMs: at, member: 'a', reason: `no ${at}` }));
    expect(consumer.deadLetters(5)).toEqual([
      { offset: 1, cause: 'attempts', reason: 'no 3', attempts: 3, history },
    ]);
    expect(consumer.deadLetters(5)).toEqual([]);
    expect(consumer.info).toMatchObject({ givenUp: 1, ackFloor: 0 });
    consumer.deadLettered(1);
    consumer.deadLettered(1);
    expect(consumer.info).toMatchObject({ givenUp: 0, ackFloor: 1, deadLettered: 1, terminated: 0 });
  });

  it('are of records that a member says there is no use in, whoever has them', () => {
    const consumer = consumerOf({ maxDeliver: 0 });
    consumer.join('a', 2);
    pump(consumer, 7);
    expect(consumer.term(2, 'x'.repeat(1_000))).toBe(true);
    const reason = 'x'.repeat(CONSUMER_LIMITS.maxReasonCharacters);
    const history = [{ atMs: 7, member: 'a', reason }];
    expect(consumer.deadLetters(7)).toEqual([
      { offset: 2, cause: 'terminated', reason, attempts: 1, history },
    ]);
    consumer.deadLettered(2);
    expect(consumer.info).toMatchObject({ terminated: 1, deadLettered: 0 });
  });

  it('come again in a second when they could not be published', () => {
    const consumer = consumerOf({ maxDeliver: 1 });
    refused(1, consumer);
    expect(consumer.deadLetters(10)).toHaveLength(1);
    consumer.deadLetterFailed(1, 10);
    expect([consumer.deadLetters(1_009), consumer.nextDueMs]).toEqual([[], 1_010]);
    expect(consumer.deadLetters(1_010)).toHaveLength(1);
    consumer.deadLettered(1);
    consumer.deadLetterFailed(1, 1_010);
    expect(consumer.info).toMatchObject({ givenUp: 0, deadLettered: 1 });
  });

  it('are published by the next broker when this one did not say that it has', () => {
    const consumer = consumerOf({ maxDeliver: 1 });
    refused(1, consumer);
    consumer.deadLetters(10);
    const next = restored(consumer);
    expect(next.deadLetters(0)).toEqual([
      { offset: 1, cause: 'attempts', reason: 'no 1', attempts: 1, history: [] },
    ]);
  });

  it('are of no record that the stream has no more', () => {
    const consumer = consumerOf({ maxDeliver: 1 });
    refused(1, consumer);
    consumer.deadLetters(10);
    consumer.gone(1, 1);
    consumer.deadLettered(1);
    expect(consumer.info).toMatchObject({ givenUp: 0, lost: 1, deadLettered: 0 });
  });

  it('tell of the last attempts only', () => {
    const consumer = consumerOf({ maxDeliver: 40 });
    refused(40, consumer);
    const [letter] = consumer.deadLetters(100);
    expect(letter!.attempts).toBe(40);
    expect(letter!.history.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 16 }, (_, at) => 25 + at));
  });

  it('have headers that say where they come from and what was tried', () => {
    const history = [{ atMs: 1_795_613_816_463, member: 'worker-1', reason: 'the member left' }];
    const letter = { offset: 17, cause: 'attempts', reason: 'full', attempts: 2, history } as const;
    expect(deadLetterHeaders(letter, configOf(), 'orders.eu.paid')).toEqual([
      ['modwire-reason', 'full'],
      ['modwire-cause', 'attempts'],
      ['modwire-subject', 'orders.eu.paid'],
      ['modwire-stream', 'orders'],
      ['modwire-offset', '17'],
      ['modwire-consumer', 'billing'],
      ['modwire-attempts', '2'],
      ['modwire-attempt', '2026-11-25T13:36:56.463Z worker-1: the member left'],
    ]);
  });
});

describe('a durable consumer over a restart', () => {
  it('delivers again at once, in order, what was not settled, and counts the attempts before', () => {
    const consumer = consumerOf({ backoffMs: [5_000] });
    const member = consumer.join('a', 10);
    pump(consumer, 0, 6);
    consumer.nak(member, 2, 0);
    for (const offset of [1, 4, 5]) consumer.ack(offset);
    const next = restored(consumer);
    expect(next.info).toMatchObject({ ackFloor: 1, position: 7, waiting: 3, acked: 3, delivered: 6 });
    next.join('b', 10);
    expect(pump(next, 0, 7)).toEqual([
      ['b', 2, 2],
      ['b', 3, 2],
      ['b', 6, 2],
      ['b', 7, 1],
    ]);
  });

  it('gives up what had its last attempt', () => {
    const consumer = consumerOf({ maxDeliver: 1 });
    consumer.join('a', 1);
    pump(consumer, 0);
    expect(restored(consumer).deadLetters(0)).toMatchObject([
      { offset: 1, attempts: 1, reason: 'the broker ended before an acknowledgement' },
    ]);
    expect(restored(consumer, configOf({ maxDeliver: 2 })).info).toMatchObject({ waiting: 1, givenUp: 0 });
  });

  it('has a cursor that is to be kept whenever it has changed', () => {
    const consumer = consumerOf({ maxDeliver: 2 });
    const member = consumer.join('a', 2);
    const steps: readonly (readonly [string, () => void])[] = [
      ['passed', () => consumer.passed(3)],
      ['delivered', () => consumer.deliver(4, 0)],
      ['delivered again', () => [consumer.nak(member, 4, 0), consumer.deliver(4, 0)]],
      ['delivered another', () => consumer.deliver(5, 0)],
      ['acknowledged', () => consumer.ack(5)],
      ['expired', () => consumer.wanted(1_000)],
      ['published', () => consumer.deadLettered(consumer.deadLetters(1_000)[0]!.offset)],
      ['lost', () => consumer.gone(6, 8)],
      ['paused', () => consumer.pauseUntil(3_000)],
      ['resumed by time', () => consumer.wanted(3_000)],
      ['terminated', () => [consumer.deliver(9, 0), consumer.term(9, '')]],
    ];
    for (const [step, change] of steps) {
      const [before, revision] = [consumer.snapshot(), consumer.revision];
      change();
      expect([step, consumer.snapshot()]).not.toEqual([step, before]);
      expect([step, consumer.revision]).not.toEqual([step, revision]);
    }
    const { revision } = consumer;
    consumer.ack(5);
    consumer.wanted(3_000);
    consumer.passed(2);
    expect(consumer.revision).toBe(revision);
  });
});

describe('a durable consumer whose configuration changes', () => {
  it('is paused and resumed, and what is settled meanwhile counts', () => {
    const consumer = consumerOf();
    consumer.join('a', 2);
    pump(consumer, 0);
    consumer.reconfigure(configOf({ paused: true }));
    expect([consumer.ack(1), consumer.wanted(0), consumer.deliver(3, 0)]).toEqual([
      true,
      undefined,
      undefined,
    ]);
    // What runs out waits too, and wakes nobody.
    expect([consumer.wanted(1_000), consumer.nextDueMs]).toEqual([undefined, Number.POSITIVE_INFINITY]);
    consumer.reconfigure(configOf());
    expect(consumer.nextDueMs).toBe(1_000);
    expect(offsets(pump(consumer, 1_000))).toEqual([2, 3]);
  });

  it('is paused until a time, over a restart too', () => {
    const consumer = consumerOf();
    consumer.pauseUntil(500);
    const next = restored(consumer);
    next.join('a', 1);
    expect([next.wanted(499), next.nextDueMs]).toEqual([undefined, 500]);
    expect(offsets(pump(next, 500))).toEqual([1]);
    next.pauseUntil(Number.POSITIVE_INFINITY);
    next.ack(1);
    expect([next.wanted(1e15), next.nextDueMs]).toEqual([undefined, Number.POSITIVE_INFINITY]);
    next.pauseUntil(0);
    expect(offsets(pump(next, 1e15))).toEqual([2]);
  });

  it('follows new bounds: fewer under way, fewer attempts, another wait', () => {
    const consumer = consumerOf({ backoffMs: [100], maxDeliver: 5 });
    const member = consumer.join('a', 3);
    pump(consumer, 0);
    consumer.nak(member, 1, 0);
    consumer.reconfigure(configOf({ maxDeliver: 1, maxAckPending: 2, ackWaitMs: 50 }));
    expect(consumer.deadLetters(0)).toMatchObject([{ offset: 1, reason: 'refused' }]);
    consumer.deadLettered(1);
    expect(consumer.wanted(0)).toBeUndefined();
    consumer.ack(2);
    expect(offsets(pump(consumer, 0))).toEqual([4]);
    expect(consumer.nextDueMs).toBe(50);
  });

  it('stays the consumer that it is', () => {
    const consumer = consumerOf();
    expect(() => consumer.reconfigure(configOf({ filter: 'orders.eu.>' }))).toThrow(
      expect.objectContaining({ code: 'FAILED_PRECONDITION' }),
    );
    expect(consumer.config.filter).toBe('>');
  });
});
