import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.js';
import { ClientEmitter } from '../../src/client/client-events.js';
import { connect } from '../../src/client/connect.js';
import { Link } from '../../src/client/link.js';
import { resolveConnectOptions } from '../../src/client/options.js';
import { Outbox } from '../../src/client/outbox.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { ModwireError } from '../../src/errors.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let broker: Broker;
let proxy: TcpProxy;
beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  proxy = await TcpProxy.start(broker.port);
});
afterEach(async () => {
  await proxy.close();
  await broker.close();
});

/** A link that keeps no subscriptions; `resume` is called once it is connected again. */
class LinkUnderTest {
  readonly events = new ClientEmitter();
  readonly link: Link;
  resumes = 0;
  #lost: Array<(error: ModwireError) => void> = [];
  #pongs: Array<() => void> = [];

  constructor(resume: (under: LinkUnderTest) => Promise<void>) {
    const options = resolveConnectOptions(`ws://127.0.0.1:${proxy.port}`, {
      reconnectMs: 1,
      maxReconnectMs: 1,
    });
    this.link = new Link(options, {
      events: this.events,
      outbox: new Outbox(new FrameWriter(), 1024, 1024, queueMicrotask),
      frame: () => undefined,
      control: ({ type }) => {
        if (type === 'pong') this.#pongs.shift()?.();
      },
      messageRead: () => undefined,
      lost: (error) => {
        for (const reject of this.#lost.splice(0)) reject(error);
      },
      resume: () => {
        this.resumes++;
        return resume(this);
      },
      over: () => undefined,
    });
  }

  /** Never resolves; rejects as all questions to the broker do when the connection is lost. */
  untilLost(): Promise<never> {
    return new Promise((_, reject) => this.#lost.push(reject));
  }

  /** There to the broker and back. */
  async roundTrip(): Promise<void> {
    const pong = new Promise<void>((resolve) => this.#pongs.push(resolve));
    expect(this.link.send({ type: 'ping', nonce: 1 })).toBe(true);
    await pong;
  }

  reconnected(): Promise<void> {
    return new Promise((resolve) => {
      const off = this.events.on('reconnect', () => {
        off();
        resolve();
      });
    });
  }
}

test('connections lost while subscriptions are taken up again leave one connection behind in the end', async () => {
  const lossesWhileResuming = 5;
  const under = new LinkUnderTest(async ({ resumes }) => {
    if (resumes > lossesWhileResuming) return;
    proxy.cut();
    proxy.restore();
    await under.untilLost();
  });
  let reconnects = 0;
  under.events.on('reconnect', () => {
    reconnects++;
  });
  await under.link.open();
  const reconnected = under.reconnected();
  proxy.cut();
  proxy.restore();
  await reconnected;

  // Were anything else trying to connect, it would long since have succeeded.
  for (let trip = 0; trip < 100; trip++) await under.roundTrip();
  expect(under.resumes).toBe(lossesWhileResuming + 1);
  expect(reconnects).toBe(1);
  expect(proxy.connections).toBe(1);
  under.link.close(new ModwireError('CANCELLED', 'the end of the test'));
});

test('a subscription that the broker refuses to take up again is an error, and the connection stays', async () => {
  const under = new LinkUnderTest(() => Promise.reject(new ModwireError('RESOURCE_EXHAUSTED', 'no more')));
  const errors: ModwireError[] = [];
  const refused = new Promise<void>((resolve) => {
    under.events.on('error', (error) => {
      errors.push(error);
      resolve();
    });
  });
  await under.link.open();
  proxy.cut();
  proxy.restore();
  await refused;

  await under.roundTrip();
  expect(errors.map((error) => error.code)).toEqual(['RESOURCE_EXHAUSTED']);
  under.link.close(new ModwireError('CANCELLED', 'the end of the test'));
});

test('what a client publishes while it is away reaches its own subscriptions once it is back', async () => {
  const client = await connect(`ws://127.0.0.1:${proxy.port}`, { reconnectMs: 1, maxReconnectMs: 20 });
  const seen: unknown[] = [];
  client.on('gap', ({ first, last }) => seen.push({ first, last }));
  await client.subscribe('own.subject', (frame) => seen.push(frame.json()));
  client.publish('own.subject', 1);
  await client.flush();
  const disconnected = new Promise((resolve) => client.on('disconnect', resolve));
  const reconnected = new Promise((resolve) => client.on('reconnect', resolve));
  proxy.cut();
  await disconnected;
  client.publish('own.subject', 2);
  client.publish('own.subject', 3);
  proxy.restore();
  await reconnected;
  client.publish('own.subject', 4);
  await client.drain();
  expect(seen).toEqual([1, 2, 3, 4]);
});
