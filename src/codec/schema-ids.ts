import { ID_BYTES } from './frame-layout.js';
import type { FrameView } from './frame-view.js';
import { toHex } from './message-id.js';

/** Id of frames that carry none, as hex: zeros, as on the wire. */
export const NO_SCHEMA = '0'.repeat(2 * ID_BYTES);

/**
 * What belongs to a frame's schema id. Frames of one subject mostly have the same: the last answer is kept and found by
 * comparing four numbers, without making a text.
 */
export class BySchemaId<Value> {
  readonly #find: (id: string) => Value;
  /** The id of the last answer. */
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #last: Value | undefined;

  /** `find` answers for an id in hex. */
  constructor(find: (id: string) => Value) {
    this.#find = find;
  }

  /** Forgets the last answer. */
  reset(): void {
    this.#last = undefined;
  }

  of(frame: FrameView): Value {
    const at = frame.schemaIdAt;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    if (at >= 0) {
      const { data } = frame.memory;
      a = data.getInt32(at, true);
      b = data.getInt32(at + 4, true);
      c = data.getInt32(at + 8, true);
      d = data.getInt32(at + 12, true);
    }
    if (this.#last !== undefined && a === this.#a && b === this.#b && c === this.#c && d === this.#d) {
      return this.#last;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
    this.#last = this.#find(schemaIdOf(frame));
    return this.#last;
  }
}

/** The schema id of a frame in hex; zeros when it has none. */
export function schemaIdOf(frame: FrameView): string {
  const id = frame.schemaId;
  return id === undefined ? NO_SCHEMA : toHex(id);
}
