import { encodeUtf8 } from '../../codec/utf8.js';
import { HUNDREDTHS } from './experiment.js';

/*
 * Assignments have to be the same for ever, on every broker and in every program that wants to know them: the hash is
 * MurmurHash3 in its variant x86_32, which every language has. 2^32 divided among 10,000 buckets leaves none more than
 * 0.0003 % larger than another.
 */

const BUCKET_SCALE = HUNDREDTHS / 2 ** 32;

/** What keys are hashed with in experiments of this salt. */
export function saltSeed(salt: string): number {
  const bytes = encodeUtf8(salt);
  return murmur3(bytes, 0, bytes.length, 0);
}

/** Bucket, from 0 on, of the key in bytes `start` to `end`. Allocates nothing. */
export function bucketOfKey(bytes: Uint8Array, start: number, end: number, seed: number): number {
  return Math.floor((murmur3(bytes, start, end, seed) >>> 0) * BUCKET_SCALE);
}

/** MurmurHash3, x86_32, of bytes `start` to `end`; a signed 32-bit number. */
export function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const length = end - start;
  const blocksEnd = start + (length & ~3);
  let hash = seed | 0;
  let at = start;
  for (; at < blocksEnd; at += 4) {
    const block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash ^= scrambled(block);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let byte = end - 1; byte >= at; byte--) rest = (rest << 8) | bytes[byte]!;
  hash ^= scrambled(rest) ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** 0 of 0: bytes that are not there change nothing. */
function scrambled(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
