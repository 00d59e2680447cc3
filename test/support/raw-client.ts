import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  BatchReader,
  type ControlMessage,
  type ControlOf,
  decodeControl,
  encodeControl,
  type FrameFields,
  FrameVerifier,
  FrameView,
  FrameWriter,
  IdGenerator,
  isViolation,
  Memory,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
} from '../../src/codec/index.js';
import { eventually, within } from './broker-eventually.js';

export interface RawClientOptions {
  readonly name?: string;
  /** Whether to say hello and wait for the welcome; true by default. */
  readonly hello?: boolean;
}

const writer = new FrameWriter();
const ids = new IdGenerator();

/** A frame of one's own making. */
export function frameOf(subject: string, fields: Partial<FrameFields> = {}): Uint8Array {
  const id = new Uint8Array(16);
  ids.nextId(id, Date.now());
  return writer.encode({ subject, id, publishedAt: Date.now() * 1000, ...fields });
}

export function batchOf(...entries: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(entries));
}

export const HELLO: ControlMessage = {
  type: 'hello',
  protocol: PROTOCOL_VERSION,
  clientName: 'raw',
  clientVersion: '0',
};

/** A client that speaks the protocol by hand, also wrongly. It keeps everything that it was sent. */
export class RawClient {
  readonly socket: WebSocket;
  /** Everything received, in order. */
  readonly received: Array<ControlMessage | FrameView> = [];
  /** Of what came as a share of a group's messages: the number of the subscription that it is for. */
  readonly shares = new Map<ControlMessage | FrameView, number>();
  /** Sizes of the WebSocket messages received. Bytes. */
  readonly messageBytes: number[] = [];
  closeCode: number | undefined;
  closeReason = '';
  readonly #batch = new BatchReader();
  readonly #verifier = new FrameVerifier();
  readonly #view = new FrameView();
  #nonce = 0;

  private constructor(url: string) {
    this.socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
    this.socket.on('message', (data: Buffer) => this.#take(data));
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code, reason) => {
      this.closeCode = code;
      this.closeReason = reason.toString();
    });
  }

  /** Connects, and says hello unless told otherwise. */
  static async open(url: string, { name = 'raw', hello = true }: RawClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(url);
    await once(client.socket, 'open');
    if (!hello) return client;
    client.control({ ...HELLO, clientName: name } as ControlMessage);
    await client.next('welcome');
    return client;
  }

  get controls(): ControlMessage[] {
    return this.received.filter((one): one is ControlMessage => !(one instanceof FrameView));
  }

  get frames(): FrameView[] {
    return this.received.filter((one) => one instanceof FrameView);
  }

  /** Frames as `subject#sequence`. */
  get labels(): string[] {
    return this.frames.map(({ subject, sequence }) => `${subject}#${sequence}`);
  }

  /** Frames that came as a subscription's share, as `subject#sequence`; of 0 those that came to all. */
  labelsOf(subscription: number): string[] {
    return this.frames
      .filter((frame) => (this.shares.get(frame) ?? 0) === subscription)
      .map(({ subject, sequence }) => `${subject}#${sequence}`);
  }

  /** Control messages of one type received so far. */
  all<Type extends ControlMessage['type']>(type: Type): ControlOf<Type>[] {
    return this.controls.filter((one): one is ControlOf<Type> => one.type === type);
  }

  /** One WebSocket message. */
  send(...entries: Uint8Array[]): void {
    this.socket.send(batchOf(...entries), { binary: true });
  }

  control(message: ControlMessage): void {
    this.send(encodeControl(message));
  }

  publish(subject: string, fields: Partial<FrameFields> = {}): void {
    this.send(frameOf(subject, fields));
  }

  /** Subscribes and waits for the answer. */
  async subscribe(
    subscription: number,
    filter: string,
    more: Partial<ControlOf<'subscribe'>> = {},
  ): Promise<ControlOf<'subscribed'>> {
    this.control({
      type: 'subscribe',
      subscription,
      filter,
      resume: false,
      complete: false,
      positions: [],
      reads: [],
      group: '',
      skipHistory: false,
      ...more,
    });
    return this.next('subscribed', (message) => message.subscription === subscription);
  }

  /** The latest control message of this type, once there is one (that passes). */
  async next<Type extends ControlMessage['type']>(
    type: Type,
    test: (message: ControlOf<Type>) => boolean = () => true,
  ): Promise<ControlOf<Type>> {
    let found: ControlOf<Type> | undefined;
    await eventually(`a ${type} for the raw client`, () => {
      found = this.all(type).findLast(test);
      return found !== undefined;
    });
    return found!;
  }

  /** Waits until the broker has dealt with everything sent so far, and everything published to this client has come. */
  async settle(): Promise<void> {
    const nonce = ++this.#nonce;
    this.control({ type: 'ping', nonce });
    await this.next('pong', (message) => message.nonce === nonce);
  }

  /** Waits for the close, and returns its code. */
  async closed(): Promise<number> {
    await eventually('the raw client being closed', () => this.closeCode !== undefined);
    return this.closeCode!;
  }

  /** Stops reading from the network. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async close(): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.terminate();
    await within('the raw client closing itself', closed);
  }

  #take(data: Buffer): void {
    this.messageBytes.push(data.length);
    const memory = new Memory(new Uint8Array(data));
    this.#batch.reset(memory);
    let share = 0;
    while (this.#batch.next()) {
      const { kind, start, end } = this.#batch;
      if (kind === 'frame') {
        if (!this.#verifier.verify(memory, start, end, this.#view))
          throw new Error('the broker sent no frame');
        const frame = this.#view.retain();
        if (share !== 0) this.shares.set(frame, share);
        this.received.push(frame);
      } else {
        const message = decodeControl(memory, start, end);
        if (isViolation(message)) throw new Error(`the broker sent no control message: ${message.text}`);
        if (message.type === 'share') share = message.subscription;
        else if (share !== 0) this.shares.set(message, share);
        this.received.push(message);
      }
    }
    if (this.#batch.violation !== undefined) throw new Error('the broker sent no batch');
  }
}
