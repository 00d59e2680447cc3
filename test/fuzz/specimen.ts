/** A real message to be broken, and where in it breaking is likely to matter. */
export interface Specimen {
  readonly bytes: Uint8Array;
  /** 4-byte places: sizes, offsets that lead somewhere, and the lengths that they lead to. Bytes from the start. */
  readonly words: readonly number[];
  /** 2-byte places: sizes and entries of vtables. */
  readonly entries: readonly number[];
  /** Whether it begins with its size, as frames and control messages do and payloads do not. */
  readonly sizePrefixed: boolean;
}

/** Looks for whatever may be an offset, without knowing any schema. */
export function specimenOf(bytes: Uint8Array, sizePrefixed = true): Specimen {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Set<number>([0, 4, 8]);
  const entries = new Set<number>();
  for (let at = sizePrefixed ? 4 : 0; at + 4 <= bytes.length; at += 4) {
    const target = at + data.getUint32(at, true);
    if (target > at && target + 4 <= bytes.length && target % 4 === 0) words.add(at).add(target);
    const vtable = at - data.getInt32(at, true);
    if (vtable >= 0 && vtable + 4 <= bytes.length && vtable % 2 === 0 && vtable !== at) {
      const vtableBytes = data.getUint16(vtable, true);
      const tableBytes = data.getUint16(vtable + 2, true);
      const fits = vtable + vtableBytes <= bytes.length && at + tableBytes <= bytes.length;
      if (vtableBytes < 4 || vtableBytes > 64 || vtableBytes % 2 !== 0 || tableBytes < 4 || !fits) continue;
      words.add(at);
      for (let entry = vtable; entry < vtable + vtableBytes; entry += 2) entries.add(entry);
    }
  }
  return { bytes, words: [...words], entries: [...entries], sizePrefixed };
}
