import { alignUp, FRAME_ALIGNMENT } from './frame-layout.js';
import { Memory } from './memory.js';
import { encodeUtf8 } from './utf8.js';

/** The names of an experiment and of one of its variants, as they lie in a frame. */
export class AssignmentTexts {
  readonly experiment: string;
  readonly variant: string;
  /** Both, each behind its length, padded so that a frame may end with them. */
  readonly bytes: Uint8Array;
  /** Where the variant's length lies in those. Bytes. */
  readonly variantAt: number;

  constructor(experiment: string, variant: string) {
    this.experiment = experiment;
    this.variant = variant;
    const texts = [encodeUtf8(experiment), encodeUtf8(variant)] as const;
    this.variantAt = stringBytes(texts[0]);
    const byteLength = this.variantAt + stringBytes(texts[1]);
    const { data, u8 } = Memory.allocate(alignUp(byteLength, FRAME_ALIGNMENT));
    [0, this.variantAt].forEach((at, index) => {
      data.setUint32(at, texts[index]!.length, true);
      u8.set(texts[index]!, at + 4);
    });
    this.bytes = u8;
  }
}

/** With its length, its terminating zero and what pads it. */
function stringBytes(text: Uint8Array): number {
  return alignUp(4 + text.length + 1, 4);
}
