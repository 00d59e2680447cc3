import type { ControlMessage } from '../codec/control-message.js';
import {
  BatchReader,
  decodeControl,
  FrameVerifier,
  FrameView,
  isViolation,
  Memory,
  type Violation,
} from '../codec/index.js';

/** Where an entry of a batch lies. */
export interface Place {
  /** Bytes from the start of the input. */
  readonly offset: number;
  /** With the size prefix; all that is left of the input when the end of the entry cannot be known. Bytes. */
  readonly size: number;
}

/** What an entry turned out to be. */
export type Entry = Place &
  (
    | { readonly kind: 'frame'; readonly frame: FrameView }
    | { readonly kind: 'control'; readonly message: ControlMessage }
    | { readonly kind: 'malformed'; readonly violation: Violation }
  );

/** Goes through a batch, or a single frame, which is a batch of one. Ends where nothing more can be found. */
export function* inspect(bytes: Uint8Array): Generator<Entry, void, undefined> {
  const memory = new Memory(bytes);
  const batch = new BatchReader();
  batch.reset(memory);
  while (batch.next()) {
    const place = { offset: batch.start, size: batch.end - batch.start };
    yield batch.kind === 'frame' ? frameEntry(memory, place) : controlEntry(memory, place);
  }
  if (batch.violation === undefined) return;
  // The batch reader only knows which entry is broken; as a frame the same bytes fail at the exact place.
  const place = { offset: batch.start, size: bytes.length - batch.start };
  const entry = frameEntry(memory, place);
  yield entry.kind === 'malformed' ? entry : { ...place, kind: 'malformed', violation: batch.violation };
}

function frameEntry(memory: Memory, place: Place): Entry {
  const frame = new FrameView();
  const valid = new FrameVerifier().verify(memory, place.offset, place.offset + place.size, frame);
  return valid
    ? { ...place, kind: 'frame', frame }
    : { ...place, kind: 'malformed', violation: frame.violation! };
}

function controlEntry(memory: Memory, place: Place): Entry {
  const message = decodeControl(memory, place.offset, place.offset + place.size);
  return isViolation(message)
    ? { ...place, kind: 'malformed', violation: message }
    : { ...place, kind: 'control', message };
}
