import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Client, Gap, ModwireError } from '../../src/index.js';
import { eventually, within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { MuteProxy } from '../support/broker-mute-proxy.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fixture = new BrokerFixture();

/** The next event of this name. */
function next(client: Client, name: 'disconnect' | 'reconnect' | 'close'): Promise<unknown> {
  return within(
    `the event ${name}`,
    new Promise((resolve) => {
      const off = client.on(name, (event) => {
        off();
        resolve(event);
      });
    }),
  );
}

/** Frames and gaps of one client: every sequence of a subject comes once, in order, one way or the other. */
class Ledger {
  readonly #next = new Map<string, number>();
  readonly gaps: Gap[] = [];
  readonly faults: string[] = [];
  frames = 0;

  constructor(client: Client) {
    client.on('gap', (gap) => {
      this.gaps.push(gap);
      if (gap.last !== 0) this.#account(`${gap.subject}@${gap.epoch}`, gap.first, gap.last);
    });
  }

  frame(subject: string, epoch: number, sequence: number): void {
    this.frames++;
    this.#account(`${subject}@${epoch}`, sequence, sequence);
  }

  position(subject: string, epoch: number): number {
    return (this.#next.get(`${subject}@${epoch}`) ?? 1) - 1;
  }

  #account(key: string, first: number, last: number): void {
    const expected = this.#next.get(key) ?? 1;
    if (first !== expected) this.faults.push(`${key}: expected ${expected}, got ${first} to ${last}`);
    this.#next.set(key, last + 1);
  }
}

describe.each(TRANSPORTS)('a client that loses its connection over %s', (transport) => {
  async function setting() {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const publisher = await fixture.client(broker.url);
    const away = async (during: () => Promise<unknown>) => {
      const lost = next(client, 'disconnect');
      const back = next(client, 'reconnect');
      proxy.cut();
      await lost;
      await during();
      proxy.restore();
      await back;
    };
    const publish = async (...subjects: string[]) => {
      for (const subject of subjects) publisher.publish(subject, 1);
      await publisher.flush();
      await client.flush().catch(() => undefined);
    };
    return { broker, proxy, client, publish, away };
  }

  it('learns exactly what it missed, also of subjects that appeared meanwhile', async () => {
    const { client, publish, away } = await setting();
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const seen: string[] = [];
    await client.subscribe('a.*', (frame) => seen.push(`${frame.subject}#${frame.sequence}`));
    await publish('a.x', 'a.x', 'a.y');
    await away(() => publish('a.x', 'a.x', 'a.x', 'a.new', 'b.x'));
    await publish('a.x', 'a.y', 'a.new', 'a.newer');
    expect(gaps.map(({ subject, first, last, reason }) => [subject, first, last, reason])).toEqual([
      ['a.x', 3, 5, 'disconnected'],
      ['a.new', 1, 1, 'disconnected'],
    ]);
    expect(seen).toEqual(['a.x#1', 'a.x#2', 'a.y#1', 'a.x#6', 'a.y#2', 'a.new#2', 'a.newer#1']);
  });

  it('is told of no gap when it missed nothing', async () => {
    const { client, publish, away } = await setting();
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const seen: number[] = [];
    await client.subscribe('>', (frame) => seen.push(frame.sequence));
    await publish('a');
    for (let round = 0; round < 3; round++) await away(async () => undefined);
    await publish('a');
    expect(gaps).toEqual([]);
    expect(seen).toEqual([1, 2]);
  });

  it('takes all its subscriptions up again, iterators too, and those that it has ended stay ended', async () => {
    const { client, publish, away, broker } = await setting();
    const seen: string[] = [];
    await client.subscribe('a.>', (frame) => seen.push(`tail ${frame.subject}`));
    await client.subscribe('*.b', (frame) => seen.push(`any ${frame.subject}`));
    const ended = await client.subscribe('a.b', () => seen.push('ended'));
    const iterated = await client.subscribe('c');
    await ended.unsubscribe();
    await away(async () => undefined);
    expect(broker.stats().subscriptions).toBe(3);
    await publish('a.b', 'c');
    expect(seen.sort()).toEqual(['any a.b', 'tail a.b']);
    for await (const frame of iterated) {
      expect(frame.subject).toBe('c');
      break;
    }
    expect(broker.stats().subscriptions).toBe(2);
  });

  it('is told of a gap once, however many of its subscriptions it concerns', async () => {
    const { client, publish, away } = await setting();
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    for (const filter of ['a', '*', '>', 'a']) await client.subscribe(filter, () => undefined);
    await publish('a');
    await away(() => publish('a', 'a'));
    await publish('a');
    expect(gaps.map(({ subject, first, last }) => [subject, first, last])).toEqual([['a', 2, 3]]);
  });

  it('may end a subscription while it is away', async () => {
    const { client, publish, away, broker } = await setting();
    const seen: string[] = [];
    const one = await client.subscribe('a', () => seen.push('one'));
    await client.subscribe('a', () => seen.push('other'));
    await away(() => one.unsubscribe());
    await publish('a');
    expect(seen).toEqual(['other']);
    expect(broker.stats().subscriptions).toBe(1);
  });

  it('cannot subscribe or flush while it is away, and is told so at once', async () => {
    const { client, away } = await setting();
    await away(async () => {
      expect(client.connected).toBe(false);
      await expect(client.subscribe('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(client.flush()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
    expect(client.connected).toBe(true);
    await client.subscribe('a');
  });

  it('accounts for every frame through any number of cuts', async () => {
    const { broker, proxy, client } = await setting();
    const publisher = await fixture.client(broker.url);
    const ledger = new Ledger(client);
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    for (const filter of ['>', 'a.*']) {
      const first = filter === '>';
      await client.subscribe(filter, (frame) => {
        if (first) ledger.frame(frame.subject, frame.epoch, frame.sequence);
      });
    }
    const last = new Map<string, { epoch: number; sequence: number }>();
    for (let round = 0; round < 15; round++) {
      for (let burst = 0; burst < 10; burst++) {
        for (let number = 0; number < 50; number++) {
          publisher.publish(`a.${(round * 7 + number) % 9}`, new Uint8Array((number * 37) % 3000));
        }
        if (burst === round % 10) {
          proxy.cut();
          proxy.restore();
        }
        await turn();
      }
      for (let index = 0; index < 9; index++) {
        last.set(`a.${index}`, await publisher.publish(`a.${index}`, 0, { ack: true }));
      }
    }
    await eventually('the last frame of each subject being accounted for', () =>
      [...last].every(([subject, { epoch, sequence }]) => ledger.position(subject, epoch) >= sequence),
    );
    expect(ledger.faults).toEqual([]);
    expect(errors).toEqual([]);
    expect(ledger.gaps.length).toBeGreaterThan(0);
    for (const [subject, { epoch, sequence }] of last) expect(ledger.position(subject, epoch)).toBe(sequence);
    await eventually('one connection', () => proxy.connections === 1 && broker.stats().sessions === 3);
  });
});

describe.each(TRANSPORTS)('a client whose broker is restarted over %s', (transport) => {
  it('is told that nobody knows the end of what the old one counted, and goes on with the new one', async () => {
    const first = await fixture.broker(transport);
    const client = await fixture.client(first.url);
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const seen: string[] = [];
    for (const filter of ['a', '>']) {
      await client.subscribe(filter, (frame) => seen.push(`${filter} ${frame.subject}#${frame.sequence}`));
    }
    const { epoch } = await client.publish('a', 1, { ack: true });
    await client.publish('a', 1, { ack: true });
    const lost = next(client, 'disconnect');
    await first.close();
    await lost;
    const back = next(client, 'reconnect');
    const second = await fixture.broker(transport, {}, { port: first.port });
    const other = await fixture.client(second.url);
    await back;
    expect(gaps).toEqual([{ subject: 'a', epoch, first: 3, last: 0, reason: 'disconnected' }]);
    other.publish('a', 1);
    other.publish('b', 1);
    await other.flush();
    await client.flush();
    expect(gaps).toHaveLength(1);
    expect(seen.slice(4).sort()).toEqual(['> a#1', '> b#1', 'a a#1']);
  });

  it('is told what the new one has counted before it came back', async () => {
    const first = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(first.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    await client.subscribe('>', () => undefined);
    await client.publish('a', 1, { ack: true });
    const lost = next(client, 'disconnect');
    proxy.cut();
    await lost;
    await first.close();
    const second = await fixture.broker(transport, {}, { port: first.port });
    const other = await fixture.client(second.url);
    const acks = await Promise.all(
      ['a', 'a', 'b'].map((subject) => other.publish(subject, 1, { ack: true })),
    );
    const back = next(client, 'reconnect');
    proxy.restore();
    await back;
    expect(
      gaps.map(({ subject, epoch, first: from, last }) => [subject, epoch === acks[0]!.epoch, from, last]),
    ).toEqual([
      ['a', false, 2, 0],
      ['a', true, 1, 2],
      ['b', false, 1, 1],
    ]);
  });

  it('learns that a subscription is refused now, and the others go on', async () => {
    const first = await fixture.broker(transport);
    const client = await fixture.client(first.url);
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    const kept: string[] = [];
    await client.subscribe('a', (frame) => kept.push(frame.subject));
    const refused = await client.subscribe('b');
    const reading = (async () => {
      for await (const _ of refused);
    })();
    const lost = next(client, 'disconnect');
    await first.close();
    await lost;
    const back = next(client, 'reconnect');
    const second = await fixture.broker(transport, { maxSubscriptions: 1 }, { port: first.port });
    await back;
    expect(errors.map(({ code }) => code)).toEqual(['RESOURCE_EXHAUSTED']);
    // Its reader does not wait for ever.
    await within('the end of the refused one', reading);
    await client.publish('a', 1, { ack: true });
    await client.flush();
    expect(kept).toEqual(['a']);
    expect(second.stats().subscriptions).toBe(1);
  });

  it('publishes what it had under way before a drain, and the rest to the next broker', async () => {
    const first = await fixture.broker(transport, { drainMs: 8_000 });
    const client = await fixture.client(first.url);
    const reader = await fixture.raw(first.url);
    await reader.subscribe(1, '>');
    const goodbyes: unknown[] = [];
    client.on('goodbye', (event) => {
      goodbyes.push(event);
      client.publish('a', 'after');
    });
    const lost = next(client, 'disconnect');
    for (let number = 0; number < 100; number++) client.publish('a', number);
    const drained = first.drain();
    await reader.next('goodbye');
    reader.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    await within('the drain, long before drainMs', drained, 5_000);
    expect(await lost).toMatchObject({ code: 1001, willReconnect: true });
    expect(goodbyes).toMatchObject([{ graceMs: 8_000 }]);
    expect(reader.frames.slice(0, 100).map((frame) => frame.json())).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
    for (let number = 0; number < 5; number++) client.publish('a', `later ${number}`);
    const second = await fixture.broker(transport, {}, { port: first.port });
    await within(
      'everything reaching one of them',
      client.ready().then(() => client.flush()),
    );
    expect(first.stats().frames + second.stats().frames).toBe(106);
  });
});

describe.each(TRANSPORTS)('a broker that falls silent over %s', (transport) => {
  it('is noticed by its missing heartbeats, and connected to again', async () => {
    const broker = await fixture.broker(transport, { heartbeatMs: 100 });
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url);
    const seen: unknown[] = [];
    await client.subscribe('a', (frame) => seen.push(frame.json()));
    const lost = next(client, 'disconnect');
    const back = next(client, 'reconnect');
    proxy.mute();
    await lost;
    await back;
    expect(proxy.connections).toBe(2);
    await client.publish('a', 1, { ack: true });
    expect(seen).toEqual([1]);
  });

  it('is not suspected while it answers pings, and keeps who sends them', async () => {
    const broker = await fixture.broker(transport, { heartbeatMs: 100, silenceMs: 400 });
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url);
    let lost = 0;
    client.on('disconnect', () => lost++);
    const start = broker.stats().frames;
    const begun = performance.now();
    // Three times what either side would wait for.
    await eventually('some silences', () => performance.now() - begun > 1_200);
    expect(lost).toBe(0);
    expect(proxy.connections).toBe(1);
    expect(broker.stats()).toMatchObject({ sessions: 1, frames: start });
  });
});
