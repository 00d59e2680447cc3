import type { Memory } from 'modwire/codec';
import type { Prng } from './prng.js';
import type { Specimen } from './specimen.js';

/** The most that a mutation makes of specimens of up to `largest` bytes. Bytes. */
export function mutatedBytes(largest: number): number {
  return 2 * largest + 96;
}

const INTERESTING_16 = [
  0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff,
];
const INTERESTING_32 = [0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 0xff, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x3fff_ffff];
INTERESTING_32.push(
  0x4000_0000,
  0x7fff_ffff,
  0x8000_0000,
  0xc000_0000,
  0xffff_fff0,
  0xffff_fffc,
  0xffff_ffff,
);

/** Breaks a message of `length` bytes at `start`; returns its new length. */
type Mutation = (prng: Prng, memory: Memory, start: number, length: number, specimen: Specimen) => number;

const flipBits: Mutation = (prng, { u8 }, start, length) => {
  for (let left = 1 + prng.below(8); left > 0; left--) {
    u8[start + prng.below(length)]! ^= 1 << prng.below(8);
  }
  return length;
};

const setBytes: Mutation = (prng, { u8 }, start, length) => {
  for (let left = 1 + prng.below(4); left > 0; left--) u8[start + prng.below(length)] = prng.next();
  return length;
};

const setWord: Mutation = (prng, { data }, start, length, { words }) => {
  const at = placeOf(prng, words, length - 4);
  data.setUint32(start + at, prng.pick(INTERESTING_32), true);
  return length;
};

const nudgeWord: Mutation = (prng, { data }, start, length, { words }) => {
  const at = start + placeOf(prng, words, length - 4);
  data.setUint32(at, data.getUint32(at, true) + prng.below(17) - 8, true);
  return length;
};

/** Makes an offset lead to some place of the message, most often an aligned one. */
const leadElsewhere: Mutation = (prng, { data }, start, length, { words }) => {
  const at = placeOf(prng, words, length - 4);
  const to = prng.below(4) === 0 ? prng.below(length) : prng.below(length >> 2) << 2;
  data.setUint32(start + at, to - at, true);
  return length;
};

/** Makes a length reach to the end of the message, or a little less or more. */
const reachToEnd: Mutation = (prng, { data }, start, length, { words }) => {
  const at = placeOf(prng, words, length - 4);
  const bytes = length - at - 4 + prng.below(9) - 4;
  data.setUint32(start + at, prng.below(2) === 0 ? bytes : bytes >> 2, true);
  return length;
};

const setEntry: Mutation = (prng, { data }, start, length, { entries }) => {
  const at = placeOf(prng, entries, length - 2);
  const value = prng.below(3) === 0 ? prng.pick(INTERESTING_16) : prng.below(64) << 2;
  data.setUint16(start + at, value, true);
  return length;
};

/** Gives one field of a vtable the place of another, so that they share bytes. */
const copyEntry: Mutation = (prng, { data }, start, length, { entries }) => {
  const from = placeOf(prng, entries, length - 2);
  const to = placeOf(prng, entries, length - 2);
  const value = data.getUint16(start + from, true) + (prng.below(3) - 1) * 4;
  data.setUint16(start + to, value, true);
  return length;
};

/** Moves a table's vtable to another place. */
const moveVtable: Mutation = (prng, { data }, start, length, { words }) => {
  const at = placeOf(prng, words, length - 4);
  data.setInt32(start + at, at - (prng.below(length >> 1) << 1), true);
  return length;
};

const copyBlock: Mutation = (prng, { u8 }, start, length) => {
  const bytes = 1 + prng.below(Math.min(32, length));
  const from = start + prng.below(length - bytes + 1);
  u8.copyWithin(start + prng.below(length - bytes + 1), from, from + bytes);
  return length;
};

const truncate: Mutation = (prng, memory, start, length, specimen) => {
  const left = 1 + prng.below(length);
  return prng.below(4) === 0 ? left : fixPrefix(memory, start, left & -8, specimen);
};

const grow: Mutation = (prng, memory, start, length, specimen) => {
  const more = 8 + (prng.below(3) << 3);
  for (let at = start + length; at < start + length + more; at++) memory.u8[at] = prng.next();
  return fixPrefix(memory, start, length + more, specimen);
};

const MUTATIONS: readonly Mutation[] = [
  ...[flipBits, setBytes, setWord, nudgeWord, leadElsewhere, reachToEnd],
  ...[setEntry, copyEntry, moveVtable, copyBlock, truncate, grow],
];

/** Bytes that a message must have left for another mutation. */
const SMALLEST = 16;

/** A place out of those that matter, or now and then anywhere. */
function placeOf(prng: Prng, places: readonly number[], last: number): number {
  const at = places.length === 0 || prng.below(8) === 0 ? prng.below(last + 1) : prng.pick(places);
  return at <= last ? at : prng.below(last + 1);
}

function fixPrefix({ data }: Memory, start: number, length: number, { sizePrefixed }: Specimen): number {
  if (sizePrefixed && length >= 4) data.setUint32(start, length - 4, true);
  return length;
}

/**
 * Puts a broken message at `start` and returns its length, at most `mutatedBytes`. It is one of the specimens, or
 * the front of one and the back of another, with one to three mutations; one in 64 is left whole.
 */
export function putMutated(
  prng: Prng,
  specimens: readonly Specimen[],
  memory: Memory,
  start: number,
): number {
  const specimen = prng.pick(specimens);
  memory.u8.set(specimen.bytes, start);
  let length = specimen.bytes.length;
  const chance = prng.below(64);
  if (chance === 0) return length;
  if (chance < 6) {
    const { bytes } = prng.pick(specimens);
    const from = prng.below(bytes.length >> 3) << 3;
    const at = 16 + (prng.below((length - 16) >> 3) << 3);
    memory.u8.set(bytes.subarray(from), start + at);
    length = fixPrefix(memory, start, at + bytes.length - from, specimen);
  }
  for (let left = 1 + prng.below(3); left > 0 && length >= SMALLEST; left--) {
    length = prng.pick(MUTATIONS)(prng, memory, start, length, specimen);
  }
  return length;
}
