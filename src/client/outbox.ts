import type { FrameFields } from '../codec/frame-fields.js';
import type { FrameWriter } from '../codec/frame-writer.js';
import { Memory } from '../codec/memory.js';
import { ModwireError } from '../errors.js';
import type { ClientSocket } from './socket.js';

/** Batch buffers kept for reuse. */
const MAX_FREE = 64;

interface Batch {
  readonly memory: Memory;
  used: number;
}

/**
 * What is published and not yet sent. Frames of one turn of the event loop are written side by side and leave as
 * one message. A message leaves while the bytes under way are fewer than the window that the broker grants.
 */
export class Outbox {
  readonly #writer: FrameWriter;
  readonly #batchBytes: number;
  readonly #maxPendingBytes: number;
  readonly #atEndOfTurn: (action: () => void) => void;
  readonly #free: Memory[] = [];
  #queue: Batch[] = [];
  #current: Batch;
  #scheduled = false;
  /** Bytes written and not yet sent, those of `#current` included. */
  #pendingBytes = 0;
  #socket: ClientSocket | undefined;
  #windowBytes = 0;
  #sentBytes = 0;
  #creditedBytes = 0;
  #waiting: Array<() => void> = [];

  constructor(
    writer: FrameWriter,
    batchBytes: number,
    maxPendingBytes: number,
    atEndOfTurn: (action: () => void) => void,
  ) {
    this.#writer = writer;
    this.#batchBytes = batchBytes;
    this.#maxPendingBytes = maxPendingBytes;
    this.#atEndOfTurn = atEndOfTurn;
    this.#current = { memory: Memory.allocate(batchBytes), used: 0 };
  }

  /** Whether a publisher should go on: less is under way and waiting than the window holds. */
  get open(): boolean {
    return this.#sentBytes - this.#creditedBytes + this.#pendingBytes < this.#windowBytes;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Begins to send on a fresh connection. */
  attach(socket: ClientSocket, windowBytes: number, sentBytes: number): void {
    this.#socket = socket;
    this.#windowBytes = windowBytes;
    this.#sentBytes = sentBytes;
    this.#creditedBytes = 0;
    this.#pump();
  }

  /** Keeps what is not sent for the next connection. */
  detach(): void {
    this.#socket = undefined;
    this.#windowBytes = 0;
    this.#sentBytes = 0;
    this.#creditedBytes = 0;
  }

  /** Writes a frame. Returns `open`. Throws RESOURCE_EXHAUSTED when too much is pending. */
  add(fields: FrameFields): boolean {
    if (this.#pendingBytes > this.#maxPendingBytes) throw this.#full();
    const batch = this.#current;
    let byteLength = this.#writer.write(batch.memory, batch.used, fields);
    if (byteLength === 0) byteLength = this.#addToFreshBatch(fields);
    else batch.used += byteLength;
    this.#pendingBytes += byteLength;
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#atEndOfTurn(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
    return this.open;
  }

  /** Sends what is written, as far as the window allows. */
  flush(): void {
    this.#seal();
    this.#pump();
  }

  /** Counts bytes of control messages sent beside: the broker counts whole messages. */
  countSent(byteLength: number): void {
    this.#sentBytes += byteLength;
  }

  /** The broker has taken this many bytes from the present connection. */
  credit(bytes: number): void {
    this.#creditedBytes = bytes;
    this.#pump();
  }

  /** Calls back when `open`, and when everything has been sent if `empty` is asked for. Returns a function that gives up. */
  whenReady(empty: boolean, ready: () => void): () => void {
    const isReady = () => (empty ? this.#pendingBytes === 0 : this.open);
    if (isReady()) {
      ready();
      return () => undefined;
    }
    const check = () => {
      if (isReady()) ready();
      else this.#waiting.push(check);
    };
    this.#waiting.push(check);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== check);
    };
  }

  #addToFreshBatch(fields: FrameFields): number {
    this.#seal();
    this.#pump();
    const batch = this.#current;
    const byteLength = this.#writer.write(batch.memory, 0, fields);
    if (byteLength !== 0) {
      batch.used = byteLength;
      return byteLength;
    }
    // Larger than a batch: it travels alone, in memory of its own.
    const memory = Memory.allocate(this.#writer.size(fields));
    const used = this.#writer.write(memory, 0, fields);
    this.#queue.push({ memory, used });
    return used;
  }

  #seal(): void {
    if (this.#current.used === 0) return;
    this.#queue.push(this.#current);
    this.#current = { memory: this.#free.pop() ?? Memory.allocate(this.#batchBytes), used: 0 };
  }

  #pump(): void {
    const socket = this.#socket;
    let sent = 0;
    while (
      socket !== undefined &&
      sent < this.#queue.length &&
      this.#sentBytes - this.#creditedBytes < this.#windowBytes
    ) {
      const batch = this.#queue[sent++]!;
      this.#sentBytes += batch.used;
      this.#pendingBytes -= batch.used;
      socket.send(batch.memory.u8.subarray(0, batch.used), () => this.#recycle(batch.memory));
    }
    if (sent > 0) this.#queue = this.#queue.slice(sent);
    if (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const check of waiting) check();
    }
  }

  #recycle(memory: Memory): void {
    if (memory.length === this.#batchBytes && this.#free.length < MAX_FREE) this.#free.push(memory);
  }

  #full(): ModwireError {
    return new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'too much is published and not yet sent',
      expected: `at most maxPendingBytes = ${this.#maxPendingBytes}`,
      got: `${this.#pendingBytes} bytes`,
      advice: 'await client.ready() when publish returns false',
    });
  }
}
