import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/index.js';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import { openStreamFile } from '../../../src/streams/stream-file-reader.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { BYTES_BODY } from '../../support/http-calls.js';

const fixture = new BrokerFixture();

const ORDERS = {
  name: 'orders',
  filters: ['orders.>', 'calls.>'],
  kinds: ['message', 'request', 'reply'],
  storage: 'memory',
} as const;

const MAX_BYTES = 64 * 1024 * 1024;

async function exported({ port }: Broker, query = ''): Promise<Uint8Array> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/streams/orders/export?${query}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
  return new Uint8Array(await answer.arrayBuffer());
}

async function imported({ port }: Broker, file: Uint8Array) {
  const url = `http://127.0.0.1:${port}/v1/streams/orders/import`;
  const answer = await fetch(url, { method: 'POST', headers: { ...BYTES_BODY }, body: file as BodyInit });
  return (await answer.json()) as Record<string, unknown>;
}

async function recordsOf(file: Uint8Array): Promise<{ offset: number; frame: FrameView }[]> {
  const pieces = (async function* () {
    yield file;
  })();
  const { records } = await openStreamFile(pieces, MAX_BYTES);
  const found: { offset: number; frame: FrameView }[] = [];
  for await (const { offset, frame } of records) found.push({ offset, frame: frame.copy() });
  return found;
}

const bytesOf = (records: readonly { frame: FrameView }[]) =>
  records.map(({ frame }) => Buffer.from(frame.bytes).toString('base64'));

describe.each(TRANSPORTS)('a stream in a file over %s', (transport) => {
  async function scene(config: object = ORDERS) {
    const broker = await fixture.broker(transport);
    await broker.streams.create(config);
    return { broker, client: await fixture.client(broker.url) };
  }

  /** Messages on three subjects with calls among them. */
  async function filled(count = 40) {
    const { broker, client } = await scene();
    await client.serve('calls.echo', (frame) => frame.payload.slice());
    for (let n = 0; n < count; n++) {
      await client.publish(`orders.${'abc'[n % 3]}`, { n }, { ack: true, headers: [['n', String(n)]] });
      if (n % 8 === 0) await client.request('calls.echo', `call ${n}`);
    }
    return { broker, client };
  }

  it('is the same byte for byte when it was imported into an empty one, and goes on counting there', async () => {
    const source = await filled();
    const file = await exported(source.broker);
    const records = await recordsOf(file);
    expect(records.length).toBe(50);
    const target = await scene();
    expect(await imported(target.broker, file)).toEqual({ restored: 50, replayed: 0, duplicates: 0 });
    expect(bytesOf(await recordsOf(await exported(target.broker)))).toEqual(bytesOf(records));
    // Whoever subscribes gets what was imported, and the count goes on.
    const last = records.filter(({ frame }) => frame.subject === 'orders.a').at(-1)!.frame;
    const ack = await target.client.publish('orders.a', 'next', { ack: true });
    expect(ack).toMatchObject({ epoch: last.epoch, sequence: last.sequence + 1 });
    // Again: nothing is there twice, also when the window of ids is over.
    await target.client.streams.update('orders', { dedupMs: 0 });
    const calls = records.filter(({ frame }) => frame.kind !== 0).length;
    expect(await imported(target.broker, file)).toEqual({ restored: calls, replayed: 0, duplicates: 40 });
  });

  it('is exported in part: from and to an offset or a time, and of some subjects', async () => {
    const { broker } = await filled(24);
    const all = await recordsOf(await exported(broker));
    const offsets = async (query: string) =>
      (await recordsOf(await exported(broker, query))).map((one) => one.offset);
    expect(await offsets('from=5&to=9')).toEqual([5, 6, 7, 8, 9]);
    expect(await offsets('filter=orders.b')).toEqual(
      all.filter(({ frame }) => frame.subject === 'orders.b').map(({ offset }) => offset),
    );
    expect(await offsets('from=2999-01-01')).toEqual([]);
    expect((await offsets('from=2026-01-01&to=2999-01-01')).length).toBe(all.length);
    expect(await offsets('to=2026-01-01')).toEqual([]);
    const head = await fetch(`http://127.0.0.1:${broker.port}/v1/streams/orders/export`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is published anew, and marked, where its subjects have gone on; ids, payloads and headers stay', async () => {
    const { broker } = await filled(9);
    const file = await exported(broker, 'filter=orders.*');
    const target = await scene();
    const heard: FrameView[] = [];
    await target.client.subscribe('orders.>', (frame) => heard.push(frame.copy()));
    const before = await target.client.publish('orders.a', 'own', { ack: true });
    expect(await imported(target.broker, file)).toEqual({ restored: 0, replayed: 9, duplicates: 0 });
    await target.client.flush();
    const [own, ...replayed] = heard;
    expect(own!.flags & FrameFlags.replayed).toBe(0);
    const records = await recordsOf(file);
    const contents = (frame: FrameView) => [
      Buffer.from(frame.id),
      frame.subject,
      frame.json(),
      frame.headers,
    ];
    expect(replayed.map(contents)).toEqual(records.map(({ frame }) => contents(frame)));
    expect(replayed.every((frame) => (frame.flags & FrameFlags.replayed) !== 0)).toBe(true);
    const ofA = replayed.filter(({ subject }) => subject === 'orders.a');
    expect(ofA.map(({ epoch, sequence }) => [epoch, sequence])).toEqual(
      [2, 3, 4].map((n) => [before.epoch, n]),
    );
  });

  it('that was cut short, or damaged, is told; what was whole before that is there', async () => {
    const { broker } = await filled(30);
    const file = await exported(broker);
    const whole = await recordsOf(file);
    for (const end of [10, 200, file.length - 30, file.length - 1]) {
      const target = await scene();
      const answer = await imported(target.broker, file.subarray(0, end));
      expect(answer).toMatchObject({ code: 'DATA_LOSS' });
      const got = await recordsOf(await exported(target.broker));
      expect(bytesOf(got)).toEqual(bytesOf(whole.slice(0, got.length)));
      if (got.length > 0) expect(answer.message).toContain(`the stream has up to offset ${got.length}`);
    }
    const target = await scene();
    const flipped = file.slice();
    flipped[flipped.length - 100]! ^= 1;
    expect(await imported(target.broker, flipped)).toMatchObject({ code: 'DATA_LOSS' });
    expect(await imported(target.broker, file)).toMatchObject({ duplicates: expect.any(Number) });
    expect(bytesOf(await recordsOf(await exported(target.broker)))).toEqual(bytesOf(whole));
  });

  it('is refused where the stream keeps nothing of its subjects or kinds, and told how far it came', async () => {
    const { broker } = await filled(4);
    const file = await exported(broker);
    const target = await scene({ name: 'orders', filters: ['orders.>'], storage: 'memory' });
    const answer = await imported(target.broker, file);
    expect(answer).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(answer.message).toMatch(/request of calls\.echo.*offset 2 of the file.*up to offset 1/);
    expect(target.broker.streams.get('orders').info.records).toBe(1);
  });

  it('waits for whoever reads it slowly, and ends when they leave', async () => {
    const { broker, client } = await scene();
    const payload = new Uint8Array(60_000);
    for (let n = 0; n < 150; n++) client.publish('orders.a', payload);
    await client.flush();
    const open = () =>
      new Promise<import('node:http').IncomingMessage>((resolve) => {
        const path = '/v1/streams/orders/export';
        request({ host: '127.0.0.1', port: broker.port, path }, (answer) => resolve(answer.pause())).end();
      });
    const slow = await open();
    const leaving = await open();
    leaving.destroy();
    // Meanwhile others are served.
    for (let n = 0; n < 20; n++) await client.publish('orders.b', 'x', { ack: true });
    const pieces: Uint8Array[] = [];
    for await (const piece of slow) pieces.push(piece as Buffer);
    const records = await recordsOf(Buffer.concat(pieces));
    expect(records.length).toBe(150);
  });

  it('ends without its end when its stream is removed meanwhile', async () => {
    const { broker, client } = await scene();
    for (let n = 0; n < 200; n++) client.publish('orders.a', new Uint8Array(60_000));
    await client.flush();
    const answer = await fetch(`http://127.0.0.1:${broker.port}/v1/streams/orders/export`);
    await broker.streams.remove('orders');
    const file = new Uint8Array(await answer.arrayBuffer());
    await expect(recordsOf(file)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });
});
