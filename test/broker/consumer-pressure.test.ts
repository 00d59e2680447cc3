import { describe, expect, it } from 'vitest';
import { ConsumerPressure } from '../../src/broker/consumer-pressure.js';
import { createDelivery, type Delivery } from '../../src/broker/delivery.js';
import { PublishCredit } from '../../src/broker/publish-credit.js';
import { Session } from '../../src/broker/session.js';
import type { Connection } from '../../src/broker/transport.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { AudienceTable } from '../../src/routing/audience.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { frameOf, type RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();
const KIB = 1024;

/** A connection whose buffer is as full as it is told. */
class FillableConnection implements Connection {
  buffered = 0;

  bufferedBytes(): number {
    return this.buffered;
  }

  send(): void {}

  subscribe(): void {}

  unsubscribe(): void {}

  end(): void {}

  terminate(): void {}
}

/** The pressure of one consumer, alone in one audience. */
function consumer() {
  const clock = { ms: 0 };
  const limits = {
    ...DEFAULT_LIMITS,
    congestedBytes: 100 * KIB,
    slowConsumerBytes: 1000 * KIB,
    stallMs: 100,
  };
  const pressure = new ConsumerPressure(
    limits,
    new PublishCredit(limits.publishWindowBytes),
    () => clock.ms,
    () => 1,
  );
  const connection = new FillableConnection();
  const session = new Session(1, connection, 0, () => undefined);
  const table = new AudienceTable<Session, Delivery<Session>>(createDelivery);
  const audience = table.of(new Map([[1, session]]));
  audience.state.activeCount = 1;
  /** Publishes, which is in the buffer only at the end of the turn. */
  const publish = (...byteLengths: number[]) => {
    for (const byteLength of byteLengths) pressure.publishing(audience, byteLength);
    for (const byteLength of byteLengths) connection.buffered += byteLength;
  };
  return { clock, pressure, connection, session, audience, publish };
}

describe('the pressure of a consumer', () => {
  it('is a stall although messages keep being published to it', () => {
    const { clock, pressure, publish, session } = consumer();
    for (clock.ms = 0; clock.ms <= 400; clock.ms += 10) {
      publish(8 * KIB, 4 * KIB);
      pressure.sweep();
      if (clock.ms > 300) expect(pressure.takeTooSlow()).toEqual([session]);
    }
  });

  it('is no stall while the peer takes anything', () => {
    const { clock, pressure, publish, connection } = consumer();
    publish(200 * KIB);
    for (clock.ms = 0; clock.ms <= 1000; clock.ms += 50) {
      pressure.sweep();
      expect(pressure.takeTooSlow()).toEqual([]);
      connection.buffered -= 1;
    }
  });

  it('is no reason to take out who has caught up since it was found', () => {
    const { clock, pressure, publish, connection, session } = consumer();
    publish(200 * KIB);
    pressure.sweep();
    clock.ms = 200;
    pressure.sweep();
    connection.buffered = 0;
    pressure.drained(session);
    expect(pressure.takeTooSlow()).toEqual([]);
  });

  it('counts a message before it leaves, however large', () => {
    const { pressure, publish } = consumer();
    publish(64 * KIB);
    publish(900 * KIB);
    expect(pressure.totalBytes).toBeGreaterThanOrEqual(964 * KIB);
  });

  it('is nothing once the session is gone', () => {
    const { pressure, publish, session } = consumer();
    publish(200 * KIB, 300 * KIB);
    pressure.look(session);
    pressure.forget(session);
    expect(pressure.totalBytes).toBe(0);
    expect(pressure.takeTooSlow()).toEqual([]);
  });
});

describe.each(TRANSPORTS)('a consumer that takes nothing over %s', (transport) => {
  const LIMITS = { congestedBytes: 65_536, slowConsumerBytes: 256 * 1024 * KIB, stallMs: 150 };
  const PAYLOAD = new Uint8Array(6_000);

  /** A consumer that has stopped reading, with as much buffered that its publishers have to wait. */
  async function stalled() {
    const broker = await fixture.broker(transport, LIMITS);
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'a');
    await consumer.subscribe(2, 'b');
    // Who receives only one of the two keeps them apart: two messages leave in each turn.
    const other = await fixture.raw(broker.url);
    await other.subscribe(1, 'b');
    consumer.pause();
    const publisher = await fixture.raw(broker.url);
    const publish = (from: RawClient) => {
      from.send(frameOf('a', { payload: PAYLOAD }), frameOf('b', { payload: PAYLOAD }));
    };
    while (broker.stats().congested === 0) {
      publish(publisher);
      await publisher.settle();
    }
    return { broker, consumer, publisher, publish };
  }

  it('is taken out after stallMs although others keep publishing to it', async () => {
    const { broker, publisher, publish } = await stalled();
    const trickle = setInterval(() => publish(publisher), 5);
    try {
      await eventually('it being slow', () => broker.stats().slowConsumers === 1);
    } finally {
      clearInterval(trickle);
    }
    expect(broker.stats().congested).toBe(0);
  });

  it('learns of exactly what it missed, also of subjects that appeared and were subscribed to meanwhile', async () => {
    const { broker, consumer, publisher, publish } = await stalled();
    const filter = {
      resume: false,
      complete: false,
      positions: [],
      reads: [],
      group: '',
      skipHistory: false,
    };
    consumer.control({ type: 'subscribe', subscription: 3, filter: 'n.*', ...filter });
    await eventually('it being slow', () => broker.stats().slowConsumers === 1);
    const received = broker.stats().frames;
    publisher.send(frameOf('n.x'), frameOf('n.x'), frameOf('late'));
    await publisher.settle();
    // It receives n.x already, and late not yet.
    consumer.control({ type: 'subscribe', subscription: 4, filter: 'n.x', ...filter });
    consumer.control({ type: 'subscribe', subscription: 5, filter: 'late', ...filter });
    await eventually('the subscriptions', () => broker.stats().subscriptions === 6);
    publisher.send(frameOf('n.x'), frameOf('late'));
    publish(publisher);
    await publisher.settle();
    consumer.resume();
    await consumer.next('gap');
    await consumer.settle();
    expect(broker.stats()).toMatchObject({ slowConsumers: 0, frames: received + 7 });
    const missed = new Map(
      consumer.all('gap').flatMap((gap) => gap.missed.map((range) => [range.subject, range])),
    );
    expect(missed.get('n.x')).toMatchObject({ first: 1, last: 3 });
    expect(missed.get('late')).toMatchObject({ first: 2, last: 2 });
    for (const subject of ['a', 'b']) {
      const sequences = consumer.frames
        .filter((frame) => frame.subject === subject)
        .map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      expect(missed.get(subject)!.first).toBe(sequences.length + 1);
    }
    publisher.send(frameOf('n.x'), frameOf('late'));
    await publisher.settle();
    await consumer.settle();
    expect(consumer.labels.slice(-2)).toEqual(['n.x#4', 'late#3']);
  });
});
