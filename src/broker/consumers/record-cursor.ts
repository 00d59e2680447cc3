import type { FrameView } from '../../codec/frame-view.js';
import type { Memory } from '../../codec/memory.js';
import { BlockReader } from '../../streams/block-reader.js';
import type { StreamLog } from '../../streams/stream-log.js';

/** Goes from record to record of a stream, within one turn of the event loop. Blocks are looked up once. */
export class RecordCursor {
  readonly #log: StreamLog<unknown>;
  readonly #reader = new BlockReader();
  #index = 0;
  /** The offsets that the present block answers for; none when `#until` is 0. */
  #from = 0;
  #until = 0;

  constructor(log: StreamLog<unknown>) {
    this.#log = log;
  }

  /** A new turn has begun: the bytes of the last one are gone. */
  reset(): void {
    this.#until = 0;
  }

  /** Goes to the first record at or behind an offset. False when there is none. Throws DATA_LOSS where none can be told apart. */
  seek(offset: number): boolean {
    if (offset < this.#from || offset > this.#until) {
      this.#until = 0;
      this.#until = this.#log.open(offset, this.#reader) ?? 0;
      this.#from = offset;
      if (this.#until === 0) return false;
    }
    this.#index = this.#reader.indexFrom(Math.max(offset, this.#log.firstOffset));
    return this.#index < this.#reader.count;
  }

  /** Goes to the next record of the same block. False at its end. */
  next(): boolean {
    return ++this.#index < this.#reader.count;
  }

  get offset(): number {
    return this.#reader.offset(this.#index);
  }

  /** Whether the bytes of the record are those that were stored. */
  get isWhole(): boolean {
    return this.#reader.isWhole(this.#index);
  }

  /** Points a view at its frame. False when it is not whole. */
  view(frame: FrameView): boolean {
    return this.#reader.view(this.#index, frame);
  }

  get memory(): Memory {
    return this.#reader.memory;
  }

  /** Where its frame begins in `memory`. */
  get start(): number {
    return this.#reader.start(this.#index);
  }

  /** First byte after its frame. */
  get end(): number {
    return this.#reader.end(this.#index);
  }
}
