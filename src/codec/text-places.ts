import { Field } from './frame-layout.js';
import type { FrameView } from './frame-view.js';

/** Finds texts of a verified frame where they lie, without making strings of them. */

const HEADER_NAME = 4;
const HEADER_VALUE = 6;

/** Where the length of a text lies in the frame's memory: its bytes follow those four. -1 when the frame has none. */
export function textPlace(
  { table, shape, memory }: FrameView,
  field: 'experiment' | 'variant' | 'assignmentKey',
): number {
  const offset = shape.offsets[Field[field]]!;
  return offset === 0 ? -1 : followed(memory.data, table + offset);
}

/** The same of the value of the first header of this name, in UTF-8. */
export function headerPlace({ table, shape, memory }: FrameView, name: Uint8Array): number {
  const offset = shape.offsets[Field.headers]!;
  if (offset === 0) return -1;
  const { data } = memory;
  const vector = followed(data, table + offset);
  const count = data.getUint32(vector, true);
  for (let index = 0; index < count; index++) {
    const header = followed(data, vector + 4 + 4 * index);
    const vtable = header - data.getInt32(header, true);
    const found = followed(data, header + data.getUint16(vtable + HEADER_NAME, true));
    if (isText(memory.u8, data, found, name)) {
      return followed(data, header + data.getUint16(vtable + HEADER_VALUE, true));
    }
  }
  return -1;
}

/** Whether the text whose length lies at `place` is these bytes. */
export function isText(u8: Uint8Array, data: DataView, place: number, bytes: Uint8Array): boolean {
  if (data.getUint32(place, true) !== bytes.length) return false;
  for (let index = 0; index < bytes.length; index++) {
    if (u8[place + 4 + index] !== bytes[index]) return false;
  }
  return true;
}

/** Whether some header's table says what it holds before `place`, where writers do not put that. */
export function hasHeaderShapeBefore({ table, shape, memory }: FrameView, place: number): boolean {
  const offset = shape.offsets[Field.headers]!;
  if (offset === 0) return false;
  const { data } = memory;
  const vector = followed(data, table + offset);
  const count = data.getUint32(vector, true);
  for (let index = 0; index < count; index++) {
    const header = followed(data, vector + 4 + 4 * index);
    if (header - data.getInt32(header, true) < place) return true;
  }
  return false;
}

function followed(data: DataView, slot: number): number {
  return slot + data.getUint32(slot, true);
}
