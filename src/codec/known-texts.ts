import type { FrameView } from './frame-view.js';
import { isText, textPlace } from './text-places.js';
import { decodeUtf8 } from './utf8.js';

/** Texts remembered: more than there are variants of most experiments. */
const MAX_TEXTS = 8;
/** Longer ones are not remembered. Bytes. */
const MAX_TEXT_BYTES = 256;

interface KnownText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Texts that one frame after the other has: recognised by their bytes, which takes a part of the time of reading them. */
export class KnownTexts {
  readonly #known: KnownText[] = [];
  #next = 0;

  /** What a frame says there; undefined when it says nothing. */
  of(frame: FrameView, field: 'experiment' | 'variant'): string | undefined {
    const place = textPlace(frame, field);
    if (place < 0) return undefined;
    const { u8, data } = frame.memory;
    for (const { bytes, text } of this.#known) if (isText(u8, data, place, bytes)) return text;
    const start = place + 4;
    const end = start + data.getUint32(place, true);
    const text = decodeUtf8(u8, start, end);
    if (end - start <= MAX_TEXT_BYTES) this.#remember({ bytes: u8.slice(start, end), text });
    return text;
  }

  /** In the place of the oldest. */
  #remember(known: KnownText): void {
    this.#known[this.#next] = known;
    this.#next = (this.#next + 1) % MAX_TEXTS;
  }
}
