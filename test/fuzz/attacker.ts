import {
  BatchReader,
  decodeControl,
  encodeControl,
  FrameVerifier,
  FrameView,
  isViolation,
  Memory,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
} from 'modwire/codec';
import { WebSocket } from 'ws';
import { BATCH_NONCE } from './broken-batch.js';

const HELLO = encodeControl({
  type: 'hello',
  protocol: PROTOCOL_VERSION,
  clientName: 'fuzz',
  clientVersion: '0',
});
/** Time for the broker to answer or close. Milliseconds. */
const ANSWER_MS = 20_000;
/** As in the error table. */
const MALFORMED_FRAME = 32;

/** How a batch was answered: everything in it was dealt with, or the connection was closed with this code. */
export type Answer = 'done' | { readonly closed: number };

/** One connection that says a proper hello and then sends whatever it is told to. It checks all that it is sent. */
export class Attacker {
  readonly #socket: WebSocket;
  readonly #reader = new BatchReader();
  readonly #verifier = new FrameVerifier();
  readonly #view = new FrameView();
  readonly #answers: (Answer | Error)[] = [];
  #waiting: (() => void) | undefined;
  /** Frames delivered to it. */
  frames = 0;
  /** Failures that it was sent because a frame was malformed. */
  malformed = 0;

  private constructor(url: string) {
    this.#socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false });
    this.#socket.on('open', () => this.#socket.send(HELLO));
    this.#socket.on('message', (data) => this.#read(data as Buffer));
    this.#socket.on('close', (code) => this.#answer({ closed: code }));
    // Always followed by close.
    this.#socket.on('error', () => undefined);
  }

  /** Connects and waits for the welcome. Rejects when there is none. */
  static async connect(url: string): Promise<Attacker> {
    const attacker = new Attacker(url);
    const answer = await attacker.#next();
    if (answer === 'done') return attacker;
    throw new Error(`the broker closed with ${answer.closed} instead of welcoming`);
  }

  /** Asks for everything that is published, to check it. */
  subscribe(): void {
    const subscribe = { type: 'subscribe', subscription: 1, filter: '>', resume: false } as const;
    this.#socket.send(
      encodeControl({
        ...subscribe,
        complete: false,
        positions: [],
        reads: [],
        group: '',
        skipHistory: false,
      }),
    );
  }

  /** Sends a BrokenBatch. Rejects when it is neither answered nor the connection closed in time. */
  send(batch: Uint8Array): Promise<Answer> {
    this.#socket.send(batch);
    return this.#next();
  }

  close(): void {
    this.#socket.terminate();
  }

  /** The first error in what the broker sent; undefined when there was none. */
  get complaint(): Error | undefined {
    return this.#answers.find((answer) => answer instanceof Error);
  }

  async #next(): Promise<Answer> {
    if (this.#answers.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => this.#answer(new Error(`no answer in ${ANSWER_MS} ms`)), ANSWER_MS);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const answer = this.#answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  }

  #answer(answer: Answer | Error): void {
    this.#answers.push(answer);
    this.#waiting?.();
    this.#waiting = undefined;
  }

  #read(bytes: Uint8Array): void {
    const memory = new Memory(bytes);
    const reader = this.#reader;
    reader.reset(memory);
    while (reader.next()) {
      if (reader.kind === 'control') this.#control(memory, reader.start, reader.end);
      else if (this.#verifier.verify(memory, reader.start, reader.end, this.#view)) this.frames++;
      else this.#answer(new Error(`the broker delivered no frame: ${this.#view.violation!.text}`));
    }
    if (reader.violation !== undefined) {
      this.#answer(new Error(`the broker sent no batch: ${reader.violation.text}`));
    }
  }

  #control(memory: Memory, start: number, end: number): void {
    const message = decodeControl(memory, start, end);
    if (isViolation(message)) {
      this.#answer(new Error(`the broker sent no control message: ${message.text}`));
    } else if (message.type === 'failure') {
      if (message.code === MALFORMED_FRAME) this.malformed++;
    } else if (message.type === 'welcome' || (message.type === 'pong' && message.nonce === BATCH_NONCE)) {
      this.#answer('done');
    }
  }
}
