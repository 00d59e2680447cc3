/** Bytes that look random and are the same everywhere for the same seed (a 32-bit xorshift). */
export function randomBytes(length: number, seed: number): Uint8Array {
  // The first numbers after a small seed are small, hence the multiplication. A state of 0 would stay 0.
  let state = Math.imul(seed, 0x9e3779b1) || 1;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 11;
  }
  return bytes;
}
