import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from 'modwire/codec';
import type { FuzzTarget } from './options.js';

/** Cases that are run again before the one that failed: what was remembered from them may matter. */
const BEFORE = 100;

/** A case that broke a law, with all that is needed to see it again. */
export class FuzzFailure extends Error {
  readonly seed: number;
  readonly index: number;
  /** The bytes that were judged, or sent. */
  readonly bytes: Uint8Array;
  readonly #target: FuzzTarget;

  constructor(seed: number, index: number, bytes: Uint8Array, cause: unknown, target: FuzzTarget = 'wire') {
    super(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), { cause });
    this.name = 'FuzzFailure';
    this.seed = seed;
    this.index = index;
    this.bytes = bytes.slice();
    this.#target = target;
  }

  /** For people, and to be kept: what broke, the seed, the case and the bytes. */
  report(): string {
    const start = Math.max(0, this.index - BEFORE);
    const cases =
      this.#target === 'wire'
        ? `--frames ${BEFORE + 1} --no-broker`
        : `--target ${this.#target} --payloads ${BEFORE + 1}`;
    return [
      `failed: ${this.message}`,
      `seed ${this.seed}, case ${this.index}, ${this.bytes.length} bytes:`,
      toHex(this.bytes),
      `again: npm run fuzz -- --seed ${this.seed} --start ${start} ${cases}`,
    ].join('\n');
  }

  /** Writes the bytes to a file in `directory` and returns its path. */
  keep(directory: string): string {
    mkdirSync(directory, { recursive: true });
    const path = join(directory, `seed-${this.seed}-case-${this.index}.bin`);
    writeFileSync(path, this.bytes);
    return path;
  }
}
