import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameView } from '../../src/codec/frame-view.js';
import { Memory } from '../../src/codec/memory.js';
import { Header, headCheck, MAX_BLOCK_RECORDS, MAX_FRAME_BYTES } from '../../src/streams/block-format.js';
import { BlockReader } from '../../src/streams/block-reader.js';
import { blockOf } from '../../src/streams/block-rewrite.js';
import { BlockSlab } from '../../src/streams/block-slab.js';
import { frameFields } from '../support/frame-arbitrary.js';
import { stampedFrame } from '../support/stream-frames.js';

const firstOffsets = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 50),
);
const frameLists = fc.array(
  frameFields.map((fields) => stampedFrame({ ...fields, position: { epoch: 7, sequence: 9 } })),
  { minLength: 1, maxLength: 12 },
);

function blockFrom(frames: readonly FrameView[], firstOffset: number): Uint8Array {
  const slab = new BlockSlab(firstOffset, frames[0]!.byteLength, false);
  for (const frame of frames) expect(slab.append(frame)).toBe(true);
  return slab.finish()[0]!.bytes.slice();
}

/** The records that a reader serves of a block, by offset; undefined when it serves none of it. */
function served(bytes: Uint8Array): Map<number, Uint8Array> | undefined {
  const reader = new BlockReader();
  if (reader.reset(bytes) !== undefined) return undefined;
  const frame = new FrameView();
  const records = new Map<number, Uint8Array>();
  for (let index = 0; index < reader.count; index++) {
    if (reader.view(index, frame)) records.set(reader.offset(index), frame.bytes.slice());
  }
  return records;
}

describe('a block', () => {
  it('gives back the frames that it was made of, with their offsets', () => {
    fc.assert(
      fc.property(frameLists, firstOffsets, (frames, first) => {
        const expected = frames.map(({ bytes }, index) => [first + index, bytes]);
        expect([...served(blockFrom(frames, first))!]).toEqual(expected);
      }),
    );
  });

  it('has frames that are a batch as they lie there', () => {
    const frames = ['a', 'b.c', 'd'].map((subject) => stampedFrame({ subject }));
    const reader = new BlockReader();
    expect(reader.reset(blockFrom(frames, 5))).toBeUndefined();
    expect(reader.start(0) % 8).toBe(0);
    const batch = reader.memory.u8.slice(reader.start(0), reader.end(2));
    expect(batch).toEqual(new Uint8Array(Buffer.concat(frames.map(({ bytes }) => bytes))));
    expect([4, 5, 6, 7, 8].map((offset) => reader.indexFrom(offset))).toEqual([0, 0, 1, 2, 3]);
  });

  it('never serves anything else when any one bit is flipped', () => {
    const frames = ['a', 'b.c'].map((subject) =>
      stampedFrame({ subject, payload: new Uint8Array(9).fill(7) }),
    );
    const bytes = blockFrom(frames, 2 ** 33);
    const whole = served(bytes)!;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const left = [...(served(bytes) ?? [])];
      expect(left.length).toBeLessThan(whole.size);
      for (const [offset, frame] of left) expect(frame).toEqual(whole.get(offset));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(served(bytes)).toEqual(whole);
  });

  it('serves the records around one that is damaged, wherever in it the damage is', () => {
    const frames = ['a', 'b', 'c'].map((subject) => stampedFrame({ subject, payload: new Uint8Array(20) }));
    const bytes = blockFrom(frames, 1);
    const reader = new BlockReader();
    reader.reset(bytes);
    for (let at = reader.start(1); at < reader.end(1); at++) {
      bytes[at]! ^= 0xff;
      expect([...served(bytes)!.keys()]).toEqual([1, 3]);
      bytes[at]! ^= 0xff;
    }
  });

  it('is refused when it was cut off anywhere, or has something behind it', () => {
    const bytes = blockFrom([stampedFrame({ subject: 'a' }), stampedFrame({ subject: 'b' })], 1);
    for (let length = 0; length < bytes.length; length++) {
      expect(served(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(served(new Uint8Array([...bytes, 0]))).toBeUndefined();
  });

  it.each<[string, (data: DataView) => void]>([
    ['offsets do not rise', (data) => data.setUint32(32 + 12, 0, true)],
    ['offsets do not begin at its first', (data) => data.setUint32(32, 1, true)],
    ['frames overlap', (data) => data.setUint32(32 + 4, data.getUint32(32 + 16, true), true)],
    ['frames are not aligned', (data) => data.setUint32(32 + 4, data.getUint32(32 + 4, true) - 4, true)],
    [
      'frames have gaps behind them',
      (data) => data.setUint32(32 + 16, data.getUint32(32 + 16, true) - 8, true),
    ],
    ['it has no records', (data) => data.setUint32(Header.count, 0, true)],
    ['it has more records than bytes', (data) => data.setUint32(Header.count, 2 ** 32 - 1, true)],
    [
      'offsets are beyond what can be counted',
      (data) => data.setUint32(Header.firstOffset + 4, 2 ** 21, true),
    ],
  ])('is refused when its check fits and its %s', (_, change) => {
    const bytes = blockFrom([stampedFrame({ subject: 'a' }), stampedFrame({ subject: 'b' })], 1);
    const memory = new Memory(bytes);
    change(memory.data);
    memory.data.setUint32(Header.check, headCheck(memory, 0, 32 + 24), true);
    expect(served(bytes)).toBeUndefined();
  });

  it('can be written anew with some of its records, which keep their offsets', () => {
    const chosen = fc
      .uniqueArray(fc.nat(4), { minLength: 1 })
      .map((indices) => indices.sort((a, b) => a - b));
    fc.assert(
      fc.property(chosen, firstOffsets, (indices, first) => {
        const frames = [...'abcde'].map((subject) => stampedFrame({ subject }));
        const reader = new BlockReader();
        reader.reset(blockFrom(frames, first));
        const { bytes, lastOffset } = blockOf(reader, indices);
        expect([...served(bytes)!]).toEqual(indices.map((index) => [first + index, frames[index]!.bytes]));
        expect(lastOffset).toBe(first + indices.at(-1)!);
      }),
    );
  });
});

describe('a slab', () => {
  const largest = (maxBytes: number) => {
    const empty = stampedFrame({ subject: 'a', payload: new Uint8Array(8) }).byteLength;
    return stampedFrame({ subject: 'a', payload: new Uint8Array(maxBytes - empty + 8) });
  };

  it('takes frames up to the bound of a block, and one alone of any size', () => {
    const half = largest(MAX_FRAME_BYTES / 2);
    const slab = new BlockSlab(1, half.byteLength, false);
    expect([half, half, stampedFrame({ subject: 'a' })].map((frame) => slab.append(frame))).toEqual([
      ...[true, true, false],
    ]);
    const large = largest(MAX_FRAME_BYTES * 3);
    const alone = new BlockSlab(9, large.byteLength, false);
    expect([alone.append(large), alone.append(half)]).toEqual([true, false]);
    expect(Buffer.compare(served(alone.finish()[0]!.bytes)!.get(9)!, large.bytes)).toBe(0);
  });

  it('takes as many records as a block may have', () => {
    const frame = stampedFrame({ subject: 'a' });
    const slab = new BlockSlab(1, frame.byteLength, false);
    let count = 0;
    while (slab.append(frame)) count++;
    expect(count).toBe(MAX_BLOCK_RECORDS);
    expect(served(slab.finish()[0]!.bytes)!.size).toBe(count);
  });

  it('makes a block of each record where they are to go one by one', () => {
    const frames = ['a', 'b', 'c'].map((subject) => stampedFrame({ subject }));
    const slab = new BlockSlab(4, frames[0]!.byteLength, true);
    for (const frame of frames) slab.append(frame);
    const blocks = slab.finish();
    expect(blocks.map(({ lastOffset }) => lastOffset)).toEqual([4, 5, 6]);
    expect(blocks.map(({ bytes }) => [...served(bytes)!])).toEqual(
      frames.map(({ bytes }, index) => [[4 + index, bytes]]),
    );
    frames.forEach(({ bytes }, index) => {
      expect(slab.memory.u8.slice(slab.starts[index], slab.ends[index])).toEqual(bytes);
    });
  });
});
