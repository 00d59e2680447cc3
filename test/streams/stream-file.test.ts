import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/streams/memory-store.js';
import { openStreamFile } from '../../src/streams/stream-file-reader.js';
import { writeStreamFile } from '../../src/streams/stream-file-writer.js';
import { idOf, stampedFrame } from '../support/stream-frames.js';
import { LogFixture } from './log-fixture.js';

const MAX_BLOCK = 1024 * 1024;

/** A log with records 1 to 9 of the subjects a and b.c in turn, in blocks of three. */
async function logOfNine(): Promise<LogFixture> {
  const fixture = new LogFixture(new MemoryStore());
  for (let offset = 1; offset <= 9; offset++) {
    const subject = offset % 2 === 1 ? 'a' : 'b.c';
    fixture.log.append(stampedFrame({ subject, id: idOf(offset) }), offset);
    if (offset % 3 === 0) await fixture.log.idle();
  }
  return fixture;
}

function fileOf({ log, config }: LogFixture, range: { from?: number; to?: number; filter?: string } = {}) {
  const head = { stream: config, from: 1, to: 100, filter: '>', ...range };
  return new Uint8Array(Buffer.concat([...writeStreamFile(log, head)]));
}

async function* piecesOf(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** All that a file gives before it ends or is told to be damaged. */
async function readAll(bytes: Uint8Array, size?: number) {
  const records: [offset: number, bytes: Uint8Array][] = [];
  const file = await openStreamFile(piecesOf(bytes, size), MAX_BLOCK);
  for (;;) {
    const { value, done } = await file.records.next();
    if (done) return { head: file.head, records, end: value };
    records.push([value.offset, value.frame.bytes.slice()]);
  }
}

describe('a file of frames', () => {
  it('gives back what was written into it, in whatever pieces it comes', async () => {
    const fixture = await logOfNine();
    const bytes = fileOf(fixture);
    const expected = fixture.stored.map(({ offset, frame }) => [offset, frame]);
    for (const size of [1, 7, 64, bytes.length]) {
      const { head, records, end } = await readAll(bytes, size);
      expect(records).toEqual(expected);
      expect(head).toEqual({ stream: fixture.config, from: 1, to: 100, filter: '>' });
      expect(end).toEqual({ records: 9, blocks: 3 });
    }
  });

  it.each([
    [{ from: 4, to: 8 }, [4, 5, 6, 7, 8]],
    [{ filter: 'b.*' }, [2, 4, 6, 8]],
    [{ from: 3, filter: 'a' }, [3, 5, 7, 9]],
    [{ from: 50 }, []],
  ])('has the records that were asked for: %j', async (range, offsets) => {
    const { records } = await readAll(fileOf(await logOfNine(), range));
    expect(records.map(([offset]) => offset)).toEqual(offsets);
  });

  it('is told to be damaged wherever it is cut off, or goes on behind its end', async () => {
    const bytes = fileOf(await logOfNine());
    for (let length = 0; length < bytes.length; length++) {
      await expect(readAll(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'DATA_LOSS' });
    }
    await expect(readAll(new Uint8Array([...bytes, 0]))).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('is told to be damaged when any one bit is flipped, and gives nothing else before', async () => {
    const fixture = await logOfNine();
    const bytes = fileOf(fixture);
    const whole = new Map(fixture.stored.map(({ offset, frame }) => [offset, frame]));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const read: [number, Uint8Array][] = [];
        const reading = async () => {
          const { records } = await openStreamFile(piecesOf(flipped), MAX_BLOCK);
          for await (const { offset, frame } of records) read.push([offset, frame.bytes.slice()]);
        };
        await expect(reading()).rejects.toMatchObject({ name: 'ModwireError' });
        for (const [offset, frame] of read) expect(frame).toEqual(whole.get(offset));
      }),
      { numRuns: 500 },
    );
  });

  it('is told to be damaged when a block is missing, twice there or in the place of another', async () => {
    const pieces = [...writeStreamFile((await logOfNine()).log, { stream: {}, from: 1, to: 9, filter: '>' })];
    const [head, ...rest] = pieces as [Uint8Array, ...Uint8Array[]];
    const blocks = [rest.slice(0, 2), rest.slice(2, 4), rest.slice(4, 6)];
    const end = rest.slice(6);
    for (const order of [[0, 2], [0, 1], [0, 1, 1, 2], [1, 0, 2], []]) {
      const bytes = Buffer.concat([head, ...order.flatMap((index) => blocks[index]!), ...end]);
      await expect(readAll(new Uint8Array(bytes))).rejects.toMatchObject({ code: 'DATA_LOSS' });
    }
  });

  it('is refused where its blocks are larger than a reader takes', async () => {
    const bytes = fileOf(await logOfNine());
    const file = await openStreamFile(piecesOf(bytes), 100);
    await expect(file.records.next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });
});
