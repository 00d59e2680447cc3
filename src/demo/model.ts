import type { TokenView } from './payload.js';
import { Random } from './random.js';

const DIMENSIONS = 16;
/** A power of two. */
const ROWS = 4096;
/** Tokens that are considered for each step of generating. */
const CANDIDATES = 8;
/** How much of its state the model keeps from one generated token to the next. */
const MEMORY = 0.9;
const VOCABULARY = 50_000;

/** What the model makes of a context. */
export interface Reading {
  readonly checksum: number;
  /** 0 to 1. */
  readonly score: number;
  readonly state: Float32Array;
}

/**
 * A language model of the size of a toy: it pools hashed embeddings of the context and generates greedily from them.
 * What it does to memory and arithmetic is what a small model does, and its output depends on all of its input.
 */
export class ToyModel {
  readonly #weights = new Float32Array(ROWS * DIMENSIONS);

  constructor(seed: number) {
    const random = new Random(seed);
    for (let at = 0; at < this.#weights.length; at++) this.#weights[at] = random.uniform() - 0.5;
  }

  read(context: TokenView): Reading {
    const state = new Float32Array(DIMENSIONS);
    for (let index = 0; index < context.length; index++) {
      const row = rowOf(context.get(index));
      for (let d = 0; d < DIMENSIONS; d++) state[d]! += this.#weights[row + d]!;
    }
    const scale = 1 / Math.sqrt(Math.max(1, context.length));
    let sum = 0;
    for (let d = 0; d < DIMENSIONS; d++) {
      state[d]! *= scale;
      sum += state[d]!;
    }
    return { checksum: checksumOf(context), score: 1 / (1 + Math.exp(-sum)), state };
  }

  /** Fills `output`, each token the best of some candidates that follow from the one before. */
  generate({ state, checksum }: Reading, output: TokenView): void {
    let token = checksum;
    for (let index = 0; index < output.length; index++) {
      let best = 0;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let candidate = 0; candidate < CANDIDATES; candidate++) {
        const next = Math.imul(token + candidate, 0x85ebca6b) >>> 0;
        const score = this.#dot(rowOf(next), state);
        if (score > bestScore) {
          bestScore = score;
          best = next;
        }
      }
      const row = rowOf(best);
      for (let d = 0; d < DIMENSIONS; d++) {
        state[d] = MEMORY * state[d]! + (1 - MEMORY) * this.#weights[row + d]!;
      }
      token = best;
      output.set(index, best % VOCABULARY);
    }
  }

  #dot(row: number, state: Float32Array): number {
    let sum = 0;
    for (let d = 0; d < DIMENSIONS; d++) sum += this.#weights[row + d]! * state[d]!;
    return sum;
  }
}

/** FNV-1a over whole tokens, by which two processes can tell that they read the same context. */
export function checksumOf(tokens: TokenView): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < tokens.length; index++) hash = Math.imul(hash ^ tokens.get(index), 0x01000193);
  return hash >>> 0;
}

function rowOf(token: number): number {
  return ((Math.imul(token, 0x9e3779b1) >>> 16) & (ROWS - 1)) * DIMENSIONS;
}
