import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  BatchReader,
  type ControlMessage,
  decodeControl,
  encodeControl,
  isViolation,
  Memory,
  openFrame,
  PROTOCOL_VERSION,
} from '../../src/codec/index.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { type OrderVersionCode, orderVersion } from '../support/order-contracts.js';
import { batchOf, frameOf } from '../support/raw-client.js';

const fixture = new BrokerFixture();

let v1: OrderVersionCode;
let v2: OrderVersionCode;
beforeAll(async () => {
  v1 = await orderVersion('v1');
  v2 = await orderVersion('v2');
});

/** A broker that accepts subscriptions when the test says so, and not all of a batch at once as a real one does. */
class HesitantBroker {
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  /** Numbers of subscriptions asked for, one list for each message since the last connection was dropped. */
  asked: number[][] = [];
  hesitates = false;
  #socket: WebSocket | undefined;
  #sequence = 0;

  constructor() {
    this.#server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('message', (data: Buffer) => this.#take(new Memory(new Uint8Array(data))));
    });
  }

  async url(): Promise<string> {
    if (this.#server.address() === null) await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  accept(subscription: number): void {
    this.#say({ type: 'subscribed', subscription, positions: [], complete: true, missed: [] });
  }

  /** An order, as a frame of its version. */
  deliver({ contract, order }: OrderVersionCode, name: string): void {
    const frame = frameOf('orders.eu', { payload: contract.encode(order(name)), schemaId: contract.id });
    openFrame(frame).stamp(++this.#sequence, 7, 1);
    this.#socket!.send(frame);
  }

  drop(): void {
    this.asked = [];
    this.#socket!.terminate();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(memory: Memory): void {
    const batch = new BatchReader();
    const asked: number[] = [];
    batch.reset(memory);
    while (batch.next()) {
      const message = decodeControl(memory, batch.start, batch.end);
      if (isViolation(message)) throw new Error(message.text);
      if (message.type === 'subscribe') asked.push(message.subscription);
      else this.#answer(message);
    }
    if (asked.length === 0) return;
    this.asked.push(asked);
    if (!this.hesitates) for (const number of asked) this.accept(number);
  }

  #answer(message: ControlMessage): void {
    if (message.type === 'hello') {
      const limits = { maxFrameBytes: 1e6, maxBatchBytes: 1e6, maxSubscriptions: 9, publishWindowBytes: 1e6 };
      const broker = { protocol: PROTOCOL_VERSION, brokerName: 'hesitant', brokerVersion: '0', session: 1 };
      this.#say({ type: 'welcome', ...broker, heartbeatMs: 60_000, ...limits });
    } else if (message.type === 'ping') this.#say({ type: 'pong', nonce: message.nonce });
    else if (message.type === 'register') {
      const { call, contract, root } = message;
      const { contract: known } = [v1, v2].find(
        ({ schema }) => Buffer.compare(schema, message.schema) === 0,
      )!;
      const registered = { call, contract, root, version: 1, schemaId: known.id, isNew: false };
      this.#say({ type: 'registered', ...registered, unreadableBy: [] });
    }
  }

  #say(message: ControlMessage): void {
    this.#socket!.send(batchOf(encodeControl(message)));
  }
}

describe('subscriptions that are taken up again one after the other', () => {
  it('get what they read for sure until the broker can say what they cannot read', async () => {
    const broker = fixture.closing(new HesitantBroker());
    const client = await fixture.client(await broker.url());
    const [old, recent]: [string[], string[]] = [[], []];
    const subscription = await client.subscribe('orders.*', v1.contract, ({ id }) => old.push(id!));
    await client.subscribe('orders.>', v2.contract, ({ id }) => recent.push(id!));
    broker.hesitates = true;
    broker.deliver(v2, 'before');
    await client.flush();
    broker.drop();
    await eventually('both being asked for again', () => broker.asked.length > 0);
    // In one message, so that a broker has both before it hands over anything to one.
    expect(broker.asked).toEqual([[1, 2]]);
    broker.accept(2);
    broker.deliver(v2, 'too early to say');
    broker.deliver(v1, 'its own');
    broker.accept(1);
    broker.deliver(v2, 'after');
    await client.flush();
    expect(recent).toEqual(['before', 'too early to say', 'its own', 'after']);
    expect(old).toEqual(['before', 'its own', 'after']);
    expect(subscription.unreadable).toBe(1);
  });
});
