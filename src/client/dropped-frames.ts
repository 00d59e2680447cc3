import type { FrameView } from '../codec/frame-view.js';
import type { Gap } from './client-events.js';

interface Range {
  readonly epoch: number;
  readonly first: number;
  last: number;
}

/** Frames that a full queue could not take: told as ranges at the end of the turn, not one by one. */
export class DroppedFrames {
  readonly #atEndOfTurn: (action: () => void) => void;
  readonly #gap: (gap: Gap) => void;
  readonly #ranges = new Map<string, Range>();

  constructor(atEndOfTurn: (action: () => void) => void, gap: (gap: Gap) => void) {
    this.#atEndOfTurn = atEndOfTurn;
    this.#gap = gap;
  }

  add({ subject, epoch, sequence }: FrameView): void {
    const range = this.#ranges.get(subject);
    if (range !== undefined && range.epoch === epoch && isBesideOrIn(range, sequence)) {
      range.last = Math.max(range.last, sequence);
      return;
    }
    if (this.#ranges.size === 0) this.#atEndOfTurn(() => this.#tell());
    if (range !== undefined) this.#gap({ subject, ...range, reason: 'queue' });
    this.#ranges.set(subject, { epoch, first: sequence, last: sequence });
  }

  #tell(): void {
    const ranges = [...this.#ranges];
    this.#ranges.clear();
    for (const [subject, range] of ranges) this.#gap({ subject, ...range, reason: 'queue' });
  }
}

function isBesideOrIn({ first, last }: Range, sequence: number): boolean {
  return sequence >= first && sequence <= last + 1;
}
