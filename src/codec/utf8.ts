/** Decodes without replacement characters creeping in: verified bytes only, so `fatal` costs nothing and proves it. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Up to this many bytes a loop over ASCII beats the platform's decoder and encoder. */
const SHORT_TEXT_BYTES = 48;

/** Text of verified UTF-8 bytes. */
export function decodeUtf8(u8: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_TEXT_BYTES) {
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = u8[at]!;
      if (byte > 0x7f) return decoder.decode(u8.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decoder.decode(u8.subarray(start, end));
}

/** Bytes of a text; lone surrogates become U+FFFD as everywhere on the web platform. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes a text at `at`, where there is room for it, and returns how many bytes that took. Otherwise as `encodeUtf8`. */
export function writeUtf8(text: string, u8: Uint8Array, at: number): number {
  const { length } = text;
  if (length <= SHORT_TEXT_BYTES) {
    let index = 0;
    for (let unit = 0; index < length; index++) {
      unit = text.charCodeAt(index);
      if (unit > 0x7f) break;
      u8[at + index] = unit;
    }
    if (index === length) return length;
  }
  const bytes = encoder.encode(text);
  u8.set(bytes, at);
  return bytes.length;
}

/** Whether bytes `start` to `end` of `u8` are UTF-8 as Unicode defines it: shortest form, no surrogates, at most U+10FFFF. */
export function isUtf8(u8: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = u8[at++]!;
    if (lead < 0x80) continue;
    let following: number;
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) following = 1;
    else if (lead >= 0xe0 && lead <= 0xef) {
      following = 2;
      if (lead === 0xe0) low = 0xa0;
      else if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      following = 3;
      if (lead === 0xf0) low = 0x90;
      else if (lead === 0xf4) high = 0x8f;
    } else return false;
    if (at + following > end) return false;
    // Only the first following byte has a narrower range.
    for (let left = following; left > 0; left--) {
      const byte = u8[at++]!;
      if (byte < low || byte > high) return false;
      low = 0x80;
      high = 0xbf;
    }
  }
  return true;
}
