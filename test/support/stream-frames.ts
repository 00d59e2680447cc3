import type { FrameFields } from '../../src/codec/frame-fields.js';
import type { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { openFrame } from '../../src/codec/open-frame.js';
import type { Position } from '../../src/streams/block-marks.js';

const writer = new FrameWriter();

/** Broker's time of the first record of a test. */
export const START_MICROS = 1_700_000_000_000_000;

/** A message id that is the same for the same number. */
export function idOf(number: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(12, number);
  return id;
}

export interface StampedFields extends Partial<FrameFields> {
  readonly subject: string;
  /** Left out, nobody has counted it. */
  readonly position?: Position;
  readonly brokerTime?: number;
}

/** A frame as a broker hands it to a stream. */
export function stampedFrame({ position, brokerTime = START_MICROS, ...fields }: StampedFields): FrameView {
  const bytes = writer.encode({ id: idOf(0), publishedAt: START_MICROS, ...fields });
  const frame = openFrame(bytes);
  frame.stamp(position?.sequence ?? 0, position?.epoch ?? 0, brokerTime);
  return frame;
}
