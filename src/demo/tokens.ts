import { FEATURE_COUNT } from './network.js';

export const TOKEN_BYTES = 4;

/** Tokens where they lie, four bytes each, little-endian: nothing is copied. */
export class TokenView {
  readonly length: number;
  readonly #data: DataView;
  readonly #from: number;

  constructor(data: DataView, from: number) {
    this.length = Math.floor((data.byteLength - from) / TOKEN_BYTES);
    this.#data = data;
    this.#from = from;
  }

  get(index: number): number {
    return this.#data.getUint32(this.#from + TOKEN_BYTES * index, true);
  }

  set(index: number, token: number): void {
    this.#data.setUint32(this.#from + TOKEN_BYTES * index, token, true);
  }
}

/** FNV-1a over whole tokens, by which two processes can tell that they read the same context. */
export function checksumOf(tokens: TokenView): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < tokens.length; index++) hash = Math.imul(hash ^ tokens.get(index), 0x01000193);
  return hash >>> 0;
}

/** Features of a context by the hashing trick: each token counts up or down in one of them. Of variance 1. */
export function featuresOf(tokens: TokenView): Float32Array {
  const features = new Float32Array(FEATURE_COUNT);
  for (let index = 0; index < tokens.length; index++) {
    const hash = Math.imul(tokens.get(index), 0x9e3779b1) >>> 0;
    features[hash >>> 29]! += (hash & 0x1000_0000) === 0 ? 1 : -1;
  }
  const scale = Math.sqrt(FEATURE_COUNT / Math.max(1, tokens.length));
  return features.map((count) => count * scale);
}
