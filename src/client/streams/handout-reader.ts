import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import type { Handout } from '../inbox.js';
import type { StreamTaker } from './stream-taker.js';

type Taker = Pick<StreamTaker, 'record'>;

/** Pairs the frames of a handout with their offsets. */
export class HandoutReader implements Handout {
  readonly #message: ControlOf<'handout'>;
  readonly #taker: Taker | undefined;
  #range = 0;
  #offset: number;
  #index = 0;

  /** Without a taker the records are for nobody. */
  constructor(message: ControlOf<'handout'>, taker: Taker | undefined) {
    this.#message = message;
    this.#taker = taker;
    this.#offset = message.offsets[0]?.first ?? 0;
  }

  get more(): boolean {
    return this.#range < this.#message.offsets.length;
  }

  next(frame: FrameView | undefined): void {
    const { offsets, attempts } = this.#message;
    const offset = this.#offset;
    const attempt = attempts[this.#index++] ?? 1;
    if (offset < offsets[this.#range]!.last) this.#offset++;
    else {
      this.#range++;
      this.#offset = offsets[this.#range]?.first ?? 0;
    }
    if (frame !== undefined) this.#taker?.record(frame, offset, attempt);
  }
}
