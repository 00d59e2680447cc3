import type { FrameFields } from '../codec/frame-fields.js';
import type { FrameWriter } from '../codec/frame-writer.js';
import { Memory } from '../codec/memory.js';
import { ModwireError } from '../errors.js';
import { disownAnswers } from './calls/disown-answers.js';
import { ConditionWaiters, type WaitOptions } from './condition-waiters.js';
import type { ClientSocket } from './socket.js';

/** Batch buffers kept for reuse. */
const MAX_FREE = 64;

interface Batch {
  readonly memory: Memory;
  /** Bytes written. */
  used: number;
  /** Bytes of those that were sent. */
  sent: number;
}

/** What a broker allows on one connection. Bytes. */
export interface OutboxLimits {
  readonly publishWindowBytes: number;
  readonly maxFrameBytes: number;
  readonly maxBatchBytes: number;
}

/**
 * What is published and not yet sent. Frames of one turn of the event loop are written side by side and leave as
 * one message. A message leaves while the bytes under way are fewer than the window that the broker grants; until
 * then frames of later turns fill up the same buffer.
 */
export class Outbox {
  readonly #writer: FrameWriter;
  readonly #batchBytes: number;
  readonly #maxPendingBytes: number;
  readonly #atEndOfTurn: (action: () => void) => void;
  readonly #waiters: ConditionWaiters;
  readonly #free: Memory[] = [];
  /** Full batches. */
  #queue: Batch[] = [];
  #current: Batch;
  #scheduled = false;
  /** Bytes written so far, over all connections. */
  #writtenBytes = 0;
  /** Bytes written and not yet sent, those of `#current` included. */
  #pendingBytes = 0;
  #socket: ClientSocket | undefined;
  #windowBytes = 0;
  /** On the present connection, control messages included. */
  #sentBytes = 0;
  #creditedBytes = 0;
  /** Of the latest broker. */
  #maxFrameBytes = Number.POSITIVE_INFINITY;
  #maxMessageBytes = Number.POSITIVE_INFINITY;

  /** `waiting` is told when somebody begins to wait for the outbox, and when nobody does any more. */
  constructor(
    writer: FrameWriter,
    batchBytes: number,
    maxPendingBytes: number,
    atEndOfTurn: (action: () => void) => void,
    waiting: () => void = () => undefined,
  ) {
    this.#writer = writer;
    this.#batchBytes = batchBytes;
    this.#maxPendingBytes = maxPendingBytes;
    this.#atEndOfTurn = atEndOfTurn;
    this.#waiters = new ConditionWaiters(waiting);
    this.#current = { memory: Memory.allocate(batchBytes), used: 0, sent: 0 };
  }

  /** Whether a publisher should go on: less is under way and waiting than the window holds. */
  get open(): boolean {
    return this.#sentBytes - this.#creditedBytes + this.#pendingBytes < this.#windowBytes;
  }

  /** Whether so much waits that nothing more is taken. */
  get full(): boolean {
    return this.#pendingBytes > this.#maxPendingBytes;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Bytes written so far: the place of the latest frame in the order of sending. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes of those that were handed to a connection. */
  get handedBytes(): number {
    return this.#writtenBytes - this.#pendingBytes;
  }

  /** Whether somebody waits for it. */
  get awaited(): boolean {
    return this.#waiters.size > 0;
  }

  /** Begins to send on a fresh connection, on which `sentBytes` were sent already; some may be credited already. */
  attach(socket: ClientSocket, limits: OutboxLimits, sentBytes: number): void {
    this.#socket = socket;
    this.#windowBytes = limits.publishWindowBytes;
    this.#maxFrameBytes = limits.maxFrameBytes;
    this.#maxMessageBytes = limits.maxBatchBytes;
    this.#sentBytes = sentBytes;
    this.#pump(!this.#scheduled);
  }

  /** Keeps what is not sent for the next connection. */
  detach(): void {
    this.#socket = undefined;
    this.#windowBytes = 0;
    this.#sentBytes = 0;
    this.#creditedBytes = 0;
  }

  /** The connection is lost: answers that were not sent over it are answers to nobody. */
  disownAnswers(): void {
    for (const { memory, sent, used } of [...this.#queue, this.#current]) disownAnswers(memory, sent, used);
  }

  /** There will be no other connection: everyone who waits is told. */
  close(error: ModwireError): void {
    this.detach();
    this.#waiters.rejectAll(error);
  }

  /** Writes a frame. Returns `open`. Throws RESOURCE_EXHAUSTED for a frame too large, and when too much is pending. */
  add(fields: FrameFields): boolean {
    if (this.full) throw this.#tooMuch();
    let byteLength = this.#write(fields);
    if (byteLength === 0) {
      this.#seal();
      this.#pump(false);
      byteLength = this.#write(fields) || this.#addLarge(fields);
    }
    this.#writtenBytes += byteLength;
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
    this.#pump(true);
  }

  /** Counts bytes of control messages sent beside: the broker counts whole messages. */
  countSent(byteLength: number): void {
    this.#sentBytes += byteLength;
  }

  /** The broker has taken this many bytes from the present connection. */
  credit(bytes: number): void {
    this.#creditedBytes = bytes;
    this.#pump(!this.#scheduled);
  }

  /** Resolves when `open`. Rejects with CANCELLED, DEADLINE_EXCEEDED, and the error of `close`. */
  untilOpen(options: WaitOptions): Promise<void> {
    return this.#wait('ready to publish', () => this.open, options);
  }

  /** Resolves when everything written so far is handed to a connection. Rejects as `untilOpen` does. */
  untilHanded(options: WaitOptions): Promise<void> {
    const mark = this.#writtenBytes;
    return this.#wait('everything sent', () => this.handedBytes >= mark, options);
  }

  #wait(what: string, isMet: () => boolean, options: WaitOptions): Promise<void> {
    return this.#waiters.wait({ what, isMet, progress: () => this.handedBytes }, options);
  }

  /** Into the current batch. Returns the frame's size, or 0 when there is no room. */
  #write(fields: FrameFields): number {
    const batch = this.#current;
    const byteLength = this.#writer.write(batch.memory, batch.used, fields);
    if (byteLength > this.#maxFrameBytes) throw this.#tooLarge(fields, byteLength);
    batch.used += byteLength;
    return byteLength;
  }

  /** Larger than a batch: it travels alone, in memory of its own. */
  #addLarge(fields: FrameFields): number {
    const byteLength = this.#writer.size(fields);
    if (byteLength > this.#maxFrameBytes) throw this.#tooLarge(fields, byteLength);
    const memory = Memory.allocate(byteLength);
    const used = this.#writer.write(memory, 0, fields);
    this.#queue.push({ memory, used, sent: 0 });
    return used;
  }

  #seal(): void {
    if (this.#current.used === 0) return;
    this.#queue.push(this.#current);
    this.#current = { memory: this.#free.pop() ?? Memory.allocate(this.#batchBytes), used: 0, sent: 0 };
  }

  /** Sends full batches, and then what there is of the next one if `all` is asked for. */
  #pump(all: boolean): void {
    let done = 0;
    while (this.#socket !== undefined && this.#sentBytes - this.#creditedBytes < this.#windowBytes) {
      if (done === this.#queue.length && all) this.#seal();
      const batch = this.#queue[done];
      if (batch === undefined) break;
      this.#send(batch, this.#socket);
      if (batch.sent === batch.used) done++;
    }
    if (done > 0) this.#queue = this.#queue.slice(done);
    this.#waiters.check();
  }

  /** One message: the batch, or as many of its frames as this broker takes in one. */
  #send(batch: Batch, socket: ClientSocket): void {
    const { memory, used, sent } = batch;
    const end = used - sent <= this.#maxMessageBytes ? used : endOfPiece(memory, sent, this.#maxMessageBytes);
    batch.sent = end;
    this.#sentBytes += end - sent;
    this.#pendingBytes -= end - sent;
    socket.send(memory.u8.subarray(sent, end), end === used ? () => this.#recycle(memory) : undefined);
  }

  #recycle(memory: Memory): void {
    if (memory.length === this.#batchBytes && this.#free.length < MAX_FREE) this.#free.push(memory);
  }

  #tooMuch(): ModwireError {
    return new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'too much is published and not yet sent',
      expected: `at most maxPendingBytes = ${this.#maxPendingBytes}`,
      got: `${this.#pendingBytes} bytes`,
      advice: 'await client.ready() when publish returns false',
    });
  }

  #tooLarge(fields: FrameFields, byteLength: number): ModwireError {
    return new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'frame too large',
      expected: `at most the broker's maxFrameBytes = ${this.#maxFrameBytes}`,
      got: `${byteLength} bytes`,
      where: `subject ${fields.subject}`,
      advice: 'send less in one message or raise maxFrameBytes',
    });
  }
}

/** Where the last whole frame ends that fits, or the first if none does. */
function endOfPiece({ data, length }: Memory, start: number, maxBytes: number): number {
  let end = start;
  while (end < length) {
    const next = end + data.getUint32(end, true) + 4;
    if (end > start && next - start > maxBytes) break;
    end = next;
  }
  return end;
}
