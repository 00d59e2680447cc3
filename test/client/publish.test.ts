import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ContentType, type ModwireError } from '../../src/index.js';
import { eventually, within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { MuteProxy } from '../support/broker-mute-proxy.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('publishing with a client over %s', (transport) => {
  it('carries bytes as they are, anything else as JSON, and every option', async () => {
    const broker = await fixture.broker(transport);
    const reader = await fixture.raw(broker.url);
    await reader.subscribe(1, '>');
    const client = await fixture.client(broker.url);
    const id = (byte: number) => new Uint8Array(16).fill(byte);
    expect(client.publish('bytes', Uint8Array.from([1, 2, 3]))).toBe(true);
    for (const value of [{ a: [1] }, 'text', 4.5, false, null]) client.publish('json', value);
    client.publish('all', new Uint8Array(2), {
      contentType: ContentType.flatbuffer,
      priority: 9,
      timeout: 1_000_000,
      correlationId: id(1),
      causationId: id(2),
      schemaId: id(3),
      trace: { traceId: id(4), spanId: new Uint8Array(8).fill(5), flags: 0 },
      tracestate: 'v=1',
      baggage: 'b=2',
      experiment: 'e',
      variant: 'v',
      assignmentKey: 'k',
      headers: [['größe', '🐘']],
    });
    await client.flush();
    await reader.settle();
    const [bytes, ...others] = reader.frames;
    expect(bytes).toMatchObject({ subject: 'bytes', contentType: ContentType.bytes });
    expect([...bytes!.payload]).toEqual([1, 2, 3]);
    expect(bytes!.traceId).toEqual(bytes!.id);
    const all = others.pop()!;
    expect(others.map((frame) => frame.json())).toEqual([{ a: [1] }, 'text', 4.5, false, null]);
    expect(all).toMatchObject({
      contentType: ContentType.flatbuffer,
      priority: 9,
      timeout: 1_000_000,
      tracestate: 'v=1',
      baggage: 'b=2',
      experiment: 'e',
      variant: 'v',
      assignmentKey: 'k',
      headers: [['größe', '🐘']],
    });
    expect([all.correlationId, all.causationId, all.schemaId, all.traceId].map((one) => one?.[0])).toEqual([
      1, 2, 3, 4,
    ]);
    expect(new Set(reader.frames.map((frame) => frame.id.join())).size).toBe(reader.frames.length);
  });

  it('sends what is published in one turn together, in order', async () => {
    const broker = await fixture.broker(transport);
    const reader = await fixture.raw(broker.url);
    await reader.subscribe(1, '>');
    const client = await fixture.client(broker.url);
    client.publish('a', 0);
    await client.flush();
    await reader.settle();
    const before = reader.messageBytes.length;
    for (let number = 1; number <= 20; number++) client.publish('a', number);
    await client.flush();
    await reader.settle();
    expect(reader.messageBytes.length - before).toBe(2);
    expect(reader.frames.map((frame) => frame.json())).toEqual(
      Array.from({ length: 21 }, (_, index) => index),
    );
  });

  it('carries frames larger than a batch, and batches larger than the broker takes', async () => {
    const limits = { maxFrameBytes: 32_768, maxBatchBytes: 32_768 };
    const broker = await fixture.broker(transport, limits);
    const reader = await fixture.raw(broker.url);
    await reader.subscribe(1, '>');
    const client = await fixture.client(broker.url, { batchBytes: 100_000 });
    const small = await fixture.client(broker.url, { batchBytes: 500 });
    for (let number = 0; number < 40; number++) {
      client.publish('a', new Uint8Array(4_000).fill(number));
      small.publish('b', new Uint8Array(number * 700).fill(number));
    }
    await Promise.all([client.flush(), small.flush()]);
    await reader.settle();
    for (const subject of ['a', 'b']) {
      const frames = reader.frames.filter((frame) => frame.subject === subject);
      expect(frames.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
      expect(frames.every(({ payload }, index) => payload.every((byte) => byte === index))).toBe(true);
    }
  });

  it('refuses at once what is wrong, and goes on', async () => {
    const broker = await fixture.broker(transport, { maxFrameBytes: 1024 });
    const client = await fixture.client(broker.url);
    const cases: Array<[() => unknown, string]> = [
      [() => client.publish('a b', 1), 'INVALID_ARGUMENT'],
      [() => client.publish('a.*', 1), 'INVALID_ARGUMENT'],
      [() => client.publish('a', (() => 1) as never), 'INVALID_ARGUMENT'],
      [() => client.publish('a', 1, { priority: 256 }), 'INVALID_ARGUMENT'],
      [() => client.publish('a', 1, { timeout: -1 }), 'INVALID_ARGUMENT'],
      [() => client.publish('a', 1, { correlationId: new Uint8Array(15) }), 'INVALID_ARGUMENT'],
      [() => client.publish('a', new Uint8Array(1024)), 'RESOURCE_EXHAUSTED'],
      [() => client.publish('a', 1, { headers: [['h', 'v'.repeat(1024)]] }), 'RESOURCE_EXHAUSTED'],
    ];
    for (const [attempt, code] of cases) expect(attempt).toThrowError(expect.objectContaining({ code }));
    await expect(client.publish('a b', 1, { ack: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await client.publish('a', 1, { ack: true })).toMatchObject({ subject: 'a', sequence: 1 });
    expect(broker.stats().refused).toBe(0);
  });

  it('keeps what is published without a connection, and sends it in order over the next one', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const reader = await fixture.raw(broker.url);
    await reader.subscribe(1, '>');
    const lost = new Promise((resolve) => client.on('disconnect', resolve));
    proxy.cut();
    await lost;
    expect(client.connected).toBe(false);
    const acks: Promise<unknown>[] = [];
    for (let number = 1; number <= 50; number++) {
      if (number % 10 === 0) acks.push(client.publish('a', number, { ack: true }));
      else expect(client.publish('a', number)).toBe(false);
      await turn();
    }
    proxy.restore();
    await client.ready();
    expect(client.publish('a', 51)).toBe(true);
    await client.flush();
    await reader.settle();
    expect(reader.frames.map((frame) => frame.json())).toEqual(
      Array.from({ length: 51 }, (_, index) => index + 1),
    );
    expect(await Promise.all(acks)).toHaveLength(5);
  });

  it('throws RESOURCE_EXHAUSTED when more than maxPendingBytes wait, and loses nothing that it took', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`, { maxPendingBytes: 50_000 });
    const lost = new Promise((resolve) => client.on('disconnect', resolve));
    proxy.cut();
    await lost;
    let taken = 0;
    const publish = () => {
      for (; ; taken++) client.publish('a', new Uint8Array(1000));
    };
    expect(publish).toThrowError(
      expect.objectContaining({
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringContaining('maxPendingBytes = 50000') as string,
      }),
    );
    expect(taken).toBeGreaterThan(40);
    expect(taken).toBeLessThan(60);
    proxy.restore();
    await client.ready();
    await client.flush();
    expect(broker.stats().frames).toBe(taken);
  });

  it('flush says that the broker has everything, and ready that there is room', async () => {
    const broker = await fixture.broker(transport, { publishWindowBytes: 16_384 });
    const client = await fixture.client(broker.url);
    for (let number = 0; number < 500; number++) {
      if (!client.publish('a', new Uint8Array(500))) await client.ready();
    }
    await client.flush();
    expect(broker.stats().frames).toBe(500);
    await client.ready();
    await client.flush();
  });

  it('many may wait at once, also with the same signal, without a warning of the platform', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on('warning', onWarning);
    const broker = await fixture.broker(transport, { publishWindowBytes: 16_384 });
    const client = await fixture.client(broker.url);
    for (let number = 0; number < 100; number++) client.publish('a', new Uint8Array(500));
    await Promise.all(Array.from({ length: 30 }, () => client.ready()));
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 30 }, (_, number) => client.publish('b', number, { ack: true, signal })),
    );
    await turn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe.each(TRANSPORTS)('acknowledged publishing over %s', (transport) => {
  it('resolves with what the broker made of it', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const acks = await Promise.all([1, 2, 3].map((number) => client.publish('a', number, { ack: true })));
    expect(acks.map(({ subject, sequence }) => [subject, sequence])).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3],
    ]);
    expect(new Set(acks.map(({ epoch }) => epoch)).size).toBe(1);
    expect(new Set(acks.map(({ id }) => id.join())).size).toBe(3);
  });

  it('rejects with the refusal of the broker, and one that nobody waits for is an error event', async () => {
    const broker = await fixture.broker(transport, { maxSubjects: 1 });
    const client = await fixture.client(broker.url);
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    await client.publish('a', 1, { ack: true });
    await expect(client.publish('b', 1, { ack: true })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('maxSubjects = 1') as string,
    });
    client.publish('c', 1);
    await client.flush();
    expect(errors.map(({ code }) => code)).toEqual(['RESOURCE_EXHAUSTED']);
  });

  it('rejects with UNAVAILABLE when the connection is lost, and says that it may have been taken', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { reconnect: false });
    proxy.mute();
    const ack = client.publish('a', 1, { ack: true });
    await turn();
    await turn();
    proxy.drop();
    await expect(ack).rejects.toMatchObject({ code: 'UNAVAILABLE', mayHaveStarted: true });
  });

  it('rejects with DEADLINE_EXCEEDED when no answer comes in time', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { answerMs: 30 });
    proxy.mute();
    await expect(client.publish('a', 1, { ack: true })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      mayHaveStarted: true,
    });
    await expect(client.flush()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('rejects with CANCELLED when its signal fires, before or after', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const abort = new AbortController();
    const ack = client.publish('a', 1, { ack: true, signal: abort.signal });
    abort.abort();
    await expect(ack).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(client.publish('a', 1, { ack: true, signal: abort.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    await expect(client.ready({ signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(client.flush({ signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    // The first was published all the same: who withdraws does not call back.
    await client.flush();
    expect(broker.stats().frames).toBe(1);
  });

  it('is not rejected for what was never sent: it goes over the next connection', async () => {
    const broker = await fixture.broker(transport, { publishWindowBytes: 16_384 });
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { batchBytes: 4_000 });
    proxy.mute();
    const outcomes = Array.from({ length: 40 }, (_, number) =>
      client.publish('a', new Uint8Array(1000).fill(number), { ack: true }).then(
        () => 'acknowledged',
        (error: ModwireError) => error.code,
      ),
    );
    await turn();
    await turn();
    // The window is full by now: some were sent, most were not.
    proxy.drop();
    const codes = await within('all outcomes', Promise.all(outcomes));
    const lost = codes.filter((code) => code === 'UNAVAILABLE').length;
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(40);
    expect(codes.slice(0, lost).every((code) => code === 'UNAVAILABLE')).toBe(true);
    expect(codes.slice(lost).every((code) => code === 'acknowledged')).toBe(true);
    await eventually('the rest', () => broker.stats().frames === 40 - lost);
  });
});
