import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { connect, type ModwireError } from '../../src/index.js';
import { eventually, within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { MuteProxy } from '../support/broker-mute-proxy.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fixture = new BrokerFixture();

/** A server of something else; its address as a broker's. */
async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });
  fixture.closing({ close });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('connecting', () => {
  it.each(['http://127.0.0.1:1', 'nonsense', '', 'ws://127.0.0.1:1/#fragment'])(
    'to %j fails with INVALID_ARGUMENT',
    async (url) => {
      await expect(connect(url)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );

  it.each([
    [{ maxPendingBytes: 0 }, 'maxPendingBytes'],
    [{ connectMs: 1.5 }, 'connectMs'],
    [{ batchBytes: Number.NaN }, 'batchBytes'],
  ])('with the bounds %j fails with INVALID_ARGUMENT', async (options, name) => {
    await expect(connect('ws://127.0.0.1:1', options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(name) as string,
    });
  });

  it('to a port where nobody listens fails with UNAVAILABLE, and says what to do', async () => {
    const broker = await fixture.broker('ws');
    await broker.close();
    await expect(connect(broker.url)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/ECONNREFUSED.*modwire serve/) as string,
    });
  });

  it('to a host that does not exist fails with UNAVAILABLE', async () => {
    await expect(connect('ws://nobody.invalid:7300')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('to a server that says nothing fails with DEADLINE_EXCEEDED after connectMs', async () => {
    const url = await listening(createServer((socket) => socket.on('error', () => undefined).resume()));
    await expect(connect(url, { connectMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('within 50 ms') as string,
    });
  });

  it('to a broker that accepts and then says nothing fails with DEADLINE_EXCEEDED, too', async () => {
    const server = createHttpServer();
    const accepting = new WebSocketServer({ server });
    const url = await listening(server);
    const accepted = once(accepting, 'connection');
    await expect(connect(url, { connectMs: 100 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await accepted;
    // Nothing of it is left that would fire later.
    await delay(150);
  });

  it('is CANCELLED by its signal, before and meanwhile', async () => {
    await expect(connect('ws://127.0.0.1:1', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    const url = await listening(createServer((socket) => socket.on('error', () => undefined).resume()));
    const abort = new AbortController();
    const connecting = connect(url, { signal: abort.signal });
    setTimeout(() => abort.abort(), 10);
    await expect(connecting).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('to a server of something else fails with UNAVAILABLE and what it answered', async () => {
    const server = createHttpServer();
    server.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n');
    });
    const url = await listening(server);
    await expect(connect(url)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('HTTP 400: not here') as string,
    });
    const plain = await listening(createHttpServer((_, response) => response.writeHead(404).end('no')));
    await expect(connect(plain)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const noise = await listening(
      createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n')),
    );
    await expect(connect(noise)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe.each(TRANSPORTS)('connecting over %s', (transport) => {
  it('to a broker that is full fails with UNAVAILABLE and its reason', async () => {
    const broker = await fixture.broker(transport, { maxSessions: 1 });
    await fixture.client(broker.url);
    await expect(connect(broker.url)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('HTTP 503: RESOURCE_EXHAUSTED: maxSessions') as string,
    });
  });

  it('with a name that the broker refuses fails with its code', async () => {
    const broker = await fixture.broker(transport);
    await expect(connect(broker.url, { name: '' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await eventually('no session', () => broker.stats().sessions === 0);
  });

  it('with a signal binds only the connecting: a client that is connected stays', async () => {
    const broker = await fixture.broker(transport);
    const abort = new AbortController();
    const client = await fixture.client(broker.url, { signal: abort.signal });
    abort.abort();
    await client.publish('a', 1, { ack: true });
    expect(client.connected).toBe(true);
  });
});

describe.each(TRANSPORTS)('the end of a client over %s', (transport) => {
  it('closing ends subscriptions, rejects what is pending, and nothing comes any more', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const publisher = await fixture.client(broker.url);
    let closes = 0;
    client.on('close', () => closes++);
    let disconnects = 0;
    client.on('disconnect', () => disconnects++);
    const seen: number[] = [];
    await client.subscribe('a', (frame) => {
      seen.push(frame.sequence);
      if (frame.sequence === 3) void client.close();
    });
    const iterated = await client.subscribe('b');
    const reading = (async () => {
      for await (const _ of iterated);
    })();
    const ack = client.publish('c', 1, { ack: true });
    const unsettled = client.flush();
    for (let number = 0; number < 10; number++) publisher.publish('a', number);
    await Promise.allSettled([ack, unsettled]);
    await publisher.flush();
    await within('the end of iteration', reading);
    await eventually('the session being gone', () => broker.stats().sessions === 1);
    expect(seen).toEqual([1, 2, 3]);
    expect([closes, disconnects]).toEqual([1, 0]);
    expect(client.closed).toBe(true);
    await client.close();
    expect(closes).toBe(1);
    expect(() => client.publish('a', 1)).toThrowError(
      expect.objectContaining({ code: 'FAILED_PRECONDITION' }),
    );
    for (const attempt of [
      client.publish('a', 1, { ack: true }),
      client.subscribe('a'),
      client.flush(),
      client.ready(),
      client.drain(),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    }
  });

  it('closing rejects with CANCELLED whatever waits', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { batchBytes: 4_000 });
    const subscription = await client.subscribe('a');
    proxy.mute();
    while (client.publish('a', new Uint8Array(100_000)));
    const waiting = [
      client.publish('a', 1, { ack: true }),
      client.ready(),
      client.flush(),
      client.subscribe('b'),
    ].map((one) =>
      one.then(
        () => 'done',
        (error: ModwireError) => `${error.code}: ${error.message}`,
      ),
    );
    // Ending what is closed anyway is no failure.
    const ended = subscription.unsubscribe();
    await client.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['CANCELLED: the client was closed']));
    await ended;
  });

  it('draining sees everything published to the broker and everything sent to the listeners', async () => {
    const broker = await fixture.broker(transport, { publishWindowBytes: 16_384 });
    const client = await fixture.client(broker.url);
    const seen: number[] = [];
    await client.subscribe('a', (frame) => {
      seen.push(frame.sequence);
      if (frame.sequence === 200) client.publish('last', 'published by a listener');
    });
    for (let number = 0; number < 200; number++) client.publish('a', new Uint8Array(500));
    await client.drain();
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(client.closed).toBe(true);
    expect(broker.stats().frames).toBe(201);
    await eventually('the session being gone', () => broker.stats().sessions === 0);
  });

  it('draining closes in any case, and says when it could not see everything to the broker', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { answerMs: 50 });
    await client.subscribe('a', () => undefined);
    proxy.mute();
    client.publish('a', 1);
    await expect(client.drain()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(client.closed).toBe(true);
  });

  it('closing ends the attempts to connect again', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const lost = new Promise((resolve) => client.on('disconnect', resolve));
    proxy.cut();
    await lost;
    await delay(20);
    await client.close();
    proxy.restore();
    await delay(60);
    expect(proxy.connections).toBe(0);
    expect(broker.stats().sessions).toBe(0);
  });

  it('without reconnecting, the loss of the connection is the end', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url, { reconnect: false });
    const told: unknown[] = [];
    client.on('disconnect', ({ willReconnect }) => told.push(['disconnect', willReconnect]));
    const closed = new Promise<void>((resolve) => {
      client.on('close', () => {
        told.push(['close']);
        resolve();
      });
    });
    const iterated = await client.subscribe('a');
    const reading = (async () => {
      for await (const _ of iterated);
    })();
    await broker.close();
    await closed;
    await within('the end of iteration', reading);
    expect(told).toEqual([['disconnect', false], ['close']]);
    expect(client.closed).toBe(true);
  });
});
