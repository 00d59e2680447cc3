const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 0x3d;
const NONE = 0xff;

const VALUES = new Uint8Array(256).fill(NONE);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/**
 * Bytes of base64 text (RFC 4648, standard alphabet, padded); undefined when it is anything else, so that no two texts
 * mean the same bytes.
 */
export function decodeBase64(text: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = end - start;
  if (length % 4 !== 0) return undefined;
  let padding = 0;
  while (padding < 2 && padding < length && text[end - 1 - padding] === PADDING) padding++;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  let bits = 0;
  let bitCount = 0;
  let to = 0;
  for (let at = start; at < end - padding; at++) {
    const value = VALUES[text[at]!]!;
    if (value === NONE) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[to++] = bits >> bitCount;
  }
  return (bits & ((1 << bitCount) - 1)) === 0 ? bytes : undefined;
}
