import { setImmediate as nextTurn } from 'node:timers/promises';
import { ModwireError } from '../../errors.js';
import type { StreamFileHead } from '../../streams/stream-file-format.js';
import { writeStreamFile } from '../../streams/stream-file-writer.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { HttpSink, HttpStream } from '../http-message.js';

export interface StreamExportParts {
  /** Undefined once the stream is there no more. */
  readonly log: () => Pick<StreamLog<unknown>, 'read'> | undefined;
  readonly head: StreamFileHead;
  /** Fires when nobody reads it any more. */
  readonly gone: AbortSignal;
}

/** Bytes of a nudge. */
const NUDGE_BYTES = 512;
/** Sent in one go: others have their turn then. Bytes. */
const GATHERED_BYTES = 128 * 1024;
/** Pieces looked at for that: of a block that has nothing to be sent there is an empty one. */
const MAX_PIECES = 32;

const NOTHING = new Uint8Array(0);

/**
 * Records of a stream as a file, at the pace of whoever reads it. It ends without the end of a file where a record is damaged, or with
 * the stream: so nobody takes a part for the whole.
 */
export class StreamExport implements HttpStream {
  readonly ended: Promise<void>;
  readonly #gone: AbortSignal;
  readonly #pieces: Generator<Uint8Array>;
  /** Made and not sent yet. */
  #rest: Uint8Array = NOTHING;
  #isOver = false;
  #whenDrained: (() => void) | undefined;
  #end!: () => void;

  constructor({ log, head, gone }: StreamExportParts) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#gone = gone;
    this.#pieces = writeStreamFile({ read: (from) => present(log()).read(from) }, head);
    gone.addEventListener('abort', () => {
      this.#whenDrained?.();
      this.#end();
    });
  }

  start(sink: HttpSink): void {
    void this.#write(sink);
  }

  nudge(): Uint8Array {
    return this.#take(NUDGE_BYTES);
  }

  drained(): void {
    this.#whenDrained?.();
  }

  async #write(sink: HttpSink): Promise<void> {
    while (!this.#isOver && !this.#gone.aborted) {
      const bit = this.#take(Number.POSITIVE_INFINITY);
      if (bit.length > 0 && !sink.write(bit)) await this.#untilDrained();
      await nextTurn();
    }
    sink.end();
    this.#end();
  }

  /** The next bytes; there may be none at present. */
  #take(most: number): Uint8Array {
    if (this.#rest.length === 0) this.#rest = this.#gather();
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  #gather(): Uint8Array {
    const gathered: Uint8Array[] = [];
    let byteLength = 0;
    try {
      for (let count = 0; byteLength < GATHERED_BYTES && count < MAX_PIECES; count++) {
        const { value, done } = this.#pieces.next();
        this.#isOver = done === true;
        if (value === undefined) break;
        gathered.push(value);
        byteLength += value.length;
      }
    } catch {
      // Whoever reads it finds no end, and may ask for what is behind.
      this.#isOver = true;
    }
    return Buffer.concat(gathered, byteLength);
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDrained = () => {
        this.#whenDrained = undefined;
        resolve();
      };
    });
  }
}

function present(log: Pick<StreamLog<unknown>, 'read'> | undefined): Pick<StreamLog<unknown>, 'read'> {
  if (log !== undefined) return log;
  throw new ModwireError('NOT_FOUND', 'the stream is there no more');
}
