import { Field, Origin } from './frame-layout.js';
import type { FrameView } from './frame-view.js';

/** Finds ids of a verified frame where they lie, for those who look them up and need no view of them. */

/** Where the message id lies in the frame's memory. */
export function idPlace({ originAt }: FrameView): number {
  return originAt + Origin.id;
}

/** Where the correlation id lies, which is that of the request that a frame answers; -1 when there is none. */
export function correlationPlace({ table, shape }: FrameView): number {
  const offset = shape.offsets[Field.correlationId]!;
  return offset === 0 ? -1 : table + offset;
}
