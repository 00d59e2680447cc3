import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  BatchReader,
  type ControlMessage,
  type ControlOf,
  decodeControl,
  encodeControl,
  isViolation,
  Memory,
  PROTOCOL_VERSION,
} from '../../src/codec/index.js';
import { eventually } from './broker-eventually.js';
import { batchOf } from './raw-client.js';

const LIMITS = { maxFrameBytes: 1e6, maxBatchBytes: 1e6, maxSubscriptions: 99, publishWindowBytes: 1e6 };
const BROKER = { protocol: PROTOCOL_VERSION, brokerName: 'scripted', brokerVersion: '0', session: 1 };

/**
 * A broker for one client that says what the test says, also what no real one would, and welcomes and answers pings by itself. It
 * keeps all control messages that it gets.
 */
export class ScriptedBroker {
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  /** What came, one list for each WebSocket message. */
  readonly batches: ControlMessage[][] = [];
  /** Answers what comes; what it returns is said in one WebSocket message. */
  answer: (message: ControlMessage) => readonly (ControlMessage | Uint8Array)[] = () => [];
  #socket: WebSocket | undefined;

  private constructor() {
    this.#server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('message', (data: Buffer) => this.#take(new Memory(new Uint8Array(data))));
    });
  }

  static async start(): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker();
    await once(broker.#server, 'listening');
    return broker;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get received(): ControlMessage[] {
    return this.batches.flat();
  }

  /** Messages of one type received so far. */
  all<Type extends ControlMessage['type']>(type: Type): ControlOf<Type>[] {
    return this.received.filter((one): one is ControlOf<Type> => one.type === type);
  }

  /** Waits for the `count`th message of a type. */
  async nth<Type extends ControlMessage['type']>(type: Type, count: number): Promise<ControlOf<Type>> {
    await eventually(`${type} number ${count}`, () => this.all(type).length >= count);
    return this.all(type)[count - 1]!;
  }

  /** One WebSocket message. */
  say(...entries: readonly (ControlMessage | Uint8Array)[]): void {
    this.#socket!.send(
      batchOf(...entries.map((one) => (one instanceof Uint8Array ? one : encodeControl(one)))),
    );
  }

  drop(): void {
    this.#socket?.terminate();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(memory: Memory): void {
    const batch = new BatchReader();
    const received: ControlMessage[] = [];
    this.batches.push(received);
    batch.reset(memory);
    while (batch.next()) {
      if (batch.kind === 'frame') continue;
      const message = decodeControl(memory, batch.start, batch.end);
      if (isViolation(message)) throw new Error(message.text);
      received.push(message);
      if (message.type === 'hello') this.say({ type: 'welcome', ...BROKER, heartbeatMs: 60_000, ...LIMITS });
      else if (message.type === 'ping') this.say({ type: 'pong', nonce: message.nonce });
      else {
        const answers = this.answer(message);
        if (answers.length > 0) this.say(...answers);
      }
    }
  }
}
