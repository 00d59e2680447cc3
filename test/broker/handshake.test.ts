import { describe, expect, it } from 'vitest';
import { encodeControl, PROTOCOL_VERSION } from '../../src/codec/index.js';
import { ERRORS } from '../../src/errors.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { VERSION } from '../../src/version.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask, HANDSHAKE, rawHandshake } from '../support/broker-http.js';
import { frameOf, HELLO, RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('the handshake over %s', (transport) => {
  it('welcomes a client and tells it all limits that it must know', async () => {
    const limits = { heartbeatMs: 1234, maxFrameBytes: 4096, maxBatchBytes: 8192, maxSubscriptions: 7 };
    const broker = await fixture.broker(transport, { ...limits, publishWindowBytes: 65_536 }, { name: 'b1' });
    const first = await fixture.raw(broker.url);
    const second = await fixture.raw(broker.url);
    const [welcome] = first.all('welcome');
    expect(welcome).toEqual({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      brokerName: 'b1',
      brokerVersion: VERSION,
      session: welcome!.session,
      ...limits,
      publishWindowBytes: 65_536,
    });
    expect(second.all('welcome')[0]!.session).not.toBe(welcome!.session);
    expect(broker.stats().sessions).toBe(2);
  });

  it('closes who says no hello in time, whatever else it sends meanwhile', async () => {
    const broker = await fixture.broker(transport, { helloMs: 100 });
    const silent = await fixture.raw(broker.url, { hello: false });
    const busy = await fixture.raw(broker.url, { hello: false });
    const empty = setInterval(() => busy.send(), 10);
    try {
      expect(await silent.closed()).toBe(4408);
      expect(await busy.closed()).toBe(4408);
    } finally {
      clearInterval(empty);
    }
    expect(broker.stats().sessions).toBe(0);
  });

  it('refuses a version of the protocol that it does not speak', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url, { hello: false });
    client.control({ ...HELLO, protocol: 2 } as typeof HELLO);
    const failure = await client.next('failure');
    expect(failure.code).toBe(ERRORS.UNIMPLEMENTED.number);
    expect(failure.message).toMatch(/expected 1, got 2/);
    expect(await client.closed()).toBe(4400);
  });

  it.each(['', 'n'.repeat(257)])('refuses a client name of wrong length', async (clientName) => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url, { hello: false });
    client.control({ ...HELLO, clientName } as typeof HELLO);
    expect((await client.next('failure')).code).toBe(ERRORS.INVALID_ARGUMENT.number);
    expect(await client.closed()).toBe(4400);
  });

  it('refuses a second hello', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    client.control(HELLO);
    const failure = await client.next('failure');
    expect(failure.code).toBe(ERRORS.PROTOCOL_VIOLATION.number);
    expect(failure.message).toMatch(/one hello a session/);
    expect(await client.closed()).toBe(4400);
  });

  it('refuses a frame before the hello, and does not count it', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url, { hello: false });
    client.send(frameOf('a'));
    expect((await client.next('failure')).message).toMatch(/a frame before the hello/);
    expect(await client.closed()).toBe(4400);
    expect(broker.stats()).toMatchObject({ frames: 0, subjects: 0 });
  });

  it('refuses other control messages before the hello', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url, { hello: false });
    client.control({ type: 'ping', nonce: 1 });
    const failure = await client.next('failure');
    expect(failure.code).toBe(ERRORS.PROTOCOL_VIOLATION.number);
    expect(failure.message).toMatch(/expected hello, got ping/);
    expect(await client.closed()).toBe(4400);
  });

  it('refuses control messages that only a broker sends', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    client.control({ type: 'credit', bytes: 1 });
    expect((await client.next('failure')).message).toMatch(/got credit/);
    expect(await client.closed()).toBe(4400);
  });

  it('takes hello and frames in one message', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url, { hello: false });
    client.send(encodeControl(HELLO), frameOf('a'), frameOf('a'));
    await client.settle();
    expect(broker.stats().frames).toBe(2);
  });

  it('refuses a text message', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    client.socket.send('hello?');
    expect((await client.next('failure')).code).toBe(ERRORS.PROTOCOL_VIOLATION.number);
    expect(await client.closed()).toBe(1003);
  });

  it('takes only its own subprotocol, and says which', async () => {
    const broker = await fixture.broker(transport);
    const { 'Sec-WebSocket-Protocol': _, ...without } = HANDSHAKE;
    for (const headers of [without, { ...HANDSHAKE, 'Sec-WebSocket-Protocol': 'mqtt, modwire.v2' }]) {
      const answer = await ask(broker.port, '/', { headers });
      expect(answer).toMatchObject({ status: 400, reason: 'Bad Request' });
      expect(answer.body).toMatch(/modwire\.v1/);
    }
    const among = { ...HANDSHAKE, 'Sec-WebSocket-Protocol': 'mqtt, modwire.v1' };
    const answer = await ask(broker.port, '/', { headers: among });
    expect(answer.status).toBe(101);
    expect(answer.headers['sec-websocket-protocol']).toBe('modwire.v1');
    await eventually('the session being gone', () => broker.stats().sessions === 0);
  });

  it.each([
    ['of another version', { 'Sec-WebSocket-Version': '8' }],
    ['to another protocol', { Upgrade: 'h2c' }],
  ])('refuses a handshake %s', async (_, wrong) => {
    const broker = await fixture.broker(transport);
    const answer = await ask(broker.port, '/', { headers: { ...HANDSHAKE, ...wrong } });
    expect(answer).toMatchObject({ status: 426, reason: 'Upgrade Required' });
    expect(broker.stats().sessions).toBe(0);
  });

  it('survives peers that are refused and reset their connections at once', async () => {
    const broker = await fixture.broker(transport, { maxSessions: 1 });
    await fixture.raw(broker.url);
    const wrong = { ...HANDSHAKE, 'Sec-WebSocket-Protocol': 'x' };
    for (let round = 0; round < 100; round++) {
      const socket = await rawHandshake(broker.port, round % 2 === 0 ? wrong : HANDSHAKE);
      socket.resetAndDestroy();
    }
    expect((await ask(broker.port, '/healthz')).status).toBe(200);
  });

  it('does not keep the connection of a peer that was refused and never closes', async () => {
    const broker = await fixture.broker(transport);
    const socket = await rawHandshake(broker.port, { ...HANDSHAKE, 'Sec-WebSocket-Protocol': 'x' });
    fixture.closing({ close: async () => socket.destroy() });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    await eventually('the refusal', () => answer.includes('not our subprotocol'));
    // With HTTP's keep-alive the connection may serve another request; without, it is closed.
    const reusable = !/connection: close/i.test(answer);
    if (reusable) {
      socket.write('GET /healthz HTTP/1.1\r\nHost: broker\r\n\r\n');
      await eventually('the next answer', () => answer.includes('"ok"'));
    } else {
      await eventually('the end', () => socket.readableEnded);
      // Whoever writes to a connection that is closed at both ends is reset.
      await eventually('the reset', () => {
        if (!socket.destroyed) socket.write('anything');
        return socket.destroyed;
      });
    }
  });

  it('answers 503 beyond maxSessions, and takes the next one when somebody has left', async () => {
    const broker = await fixture.broker(transport, { maxSessions: 2 });
    const first = await fixture.raw(broker.url);
    await fixture.raw(broker.url);
    const answer = await ask(broker.port, '/', { headers: { ...HANDSHAKE } });
    expect(answer).toMatchObject({ status: 503, reason: 'Service Unavailable' });
    expect(answer.body).toMatch(/RESOURCE_EXHAUSTED: maxSessions/);
    await expect(RawClient.open(broker.url)).rejects.toThrow();
    await first.close();
    await eventually('the session being gone', () => broker.stats().sessions === 1);
    await fixture.raw(broker.url);
    expect(broker.stats().sessions).toBe(2);
  });

  it('cuts off who is silent for silenceMs, and nobody who sends a ping now and then', async () => {
    const broker = await fixture.broker(transport, { heartbeatMs: 100, silenceMs: 200 });
    const silent = await fixture.raw(broker.url);
    const alive = await fixture.raw(broker.url);
    const pings = setInterval(() => alive.control({ type: 'ping', nonce: 1 }), 20);
    try {
      expect(await silent.closed()).toBe(4409);
      await alive.settle();
    } finally {
      clearInterval(pings);
    }
  });

  it('counts only complete messages as life', async () => {
    const broker = await fixture.broker(transport, { heartbeatMs: 100, silenceMs: 300 });
    const client = await fixture.raw(broker.url);
    // A message of 64 KiB that comes byte by byte.
    const socket = (client.socket as unknown as { _socket: import('node:net').Socket })._socket;
    socket.write(Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]));
    const drip = setInterval(() => socket.write(Buffer.from([0])), 10);
    try {
      expect(await client.closed()).toBe(4409);
    } finally {
      clearInterval(drip);
    }
  });

  it('has the documented default limits', async () => {
    const broker = await fixture.broker(transport);
    const [welcome] = (await fixture.raw(broker.url)).all('welcome');
    expect(welcome!.maxFrameBytes).toBe(DEFAULT_LIMITS.maxFrameBytes);
    expect(welcome!.publishWindowBytes).toBe(DEFAULT_LIMITS.publishWindowBytes);
  });
});
