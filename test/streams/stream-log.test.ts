import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../src/errors.js';
import { BlockReader } from '../../src/streams/block-reader.js';
import { MemoryStore } from '../../src/streams/memory-store.js';
import { deferred } from '../support/deferred.js';
import { idOf, START_MICROS, stampedFrame } from '../support/stream-frames.js';
import { DISK_FULL, LogFixture } from './log-fixture.js';
import { testLogModel } from './log-model.js';

/** Appends counted records of a subject, each with its number as id, and has them stored in one block. */
async function append(fixture: LogFixture, subject: string, sequences: readonly number[], epoch = 1) {
  for (const sequence of sequences) {
    const brokerTime = fixture.nowMicros;
    const fields = { subject, id: idOf(fixture.stored.length + sequence), brokerTime };
    fixture.log.append(stampedFrame({ ...fields, position: { epoch, sequence } }), sequence);
  }
  await fixture.log.idle();
}

/** Flips a bit of the frame of a record, where it lies in memory. */
function damage(store: MemoryStore, offset: number): void {
  const block = store.block(offset)!;
  const reader = new BlockReader();
  reader.reset(block.bytes);
  block.bytes[reader.start(reader.indexFrom(offset)) + 40]! ^= 1;
}

function damageHead(store: MemoryStore, offset: number): void {
  store.block(offset)!.bytes[9]! ^= 1;
}

describe('the log of a stream', () => {
  testLogModel('in memory', async () => {
    const store = new MemoryStore();
    return { store, remove: () => store.close() };
  });

  it('writes together what comes while a write is under way, and tells of it in order', async () => {
    const { log, store, stored } = new LogFixture(new MemoryStore());
    const gate = deferred();
    store.gate = gate.promise;
    for (let entry = 1; entry <= 10; entry++) {
      log.append(stampedFrame({ subject: 'a', id: idOf(entry) }), entry);
      log.commit();
    }
    expect([store.writes, stored.length, log.read(1)]).toEqual([1, 0, undefined]);
    expect(log.find(idOf(7))).toMatchObject({ offset: 7, isPending: true });
    gate.resolve();
    await log.idle();
    expect(store.writes).toBe(2);
    expect(stored.map(({ offset, entry }) => [offset, entry])).toEqual(
      Array.from({ length: 10 }, (_, index) => [index + 1, index + 1]),
    );
    expect(log.find(idOf(7))).toMatchObject({ offset: 7, isPending: false });
  });

  it('refuses what is too much to wait, but takes one frame of any size', async () => {
    const { log } = new LogFixture(new MemoryStore(), {}, { maxStreamPendingBytes: 1_000 });
    const large = stampedFrame({ subject: 'a', payload: new Uint8Array(5_000) });
    expect(log.append(large, 1)).toBe(1);
    expect(() => log.append(large, 2)).toThrowError(
      expect.objectContaining({
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringMatching(/maxStreamPendingBytes = 1000.*stream orders/) as string,
      }),
    );
    await log.idle();
    expect(log.append(large, 3)).toBe(2);
  });

  it('refuses a subject too many, and goes on with those that it has', async () => {
    const { log } = new LogFixture(new MemoryStore(), {}, { maxStreamSubjects: 2 });
    for (const subject of ['a', 'b']) log.append(stampedFrame({ subject }), 0);
    const refused = expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' });
    expect(() => log.append(stampedFrame({ subject: 'c' }), 0)).toThrowError(refused);
    await log.idle();
    expect(() => log.append(stampedFrame({ subject: 'c' }), 0)).toThrowError(refused);
    expect(log.append(stampedFrame({ subject: 'a' }), 0)).toBe(3);
  });

  it('takes nothing for a second after a write has failed, then tries again', async () => {
    const fixture = new LogFixture(new MemoryStore());
    const { log, store, failed } = fixture;
    store.refusal = DISK_FULL;
    await append(fixture, 'a', [1, 2]);
    expect(failed).toEqual([{ entries: [1, 2], code: 'RESOURCE_EXHAUSTED' }]);
    fixture.nowMicros += 999_999;
    expect(() => log.append(stampedFrame({ subject: 'a' }), 3)).toThrowError(DISK_FULL);
    fixture.nowMicros += 1;
    store.refusal = undefined;
    await append(fixture, 'a', [1, 2]);
    expect(fixture.stored.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(log.info().failing).toBeUndefined();
  });

  it('takes nothing any more when nobody knows what was written', async () => {
    const fixture = new LogFixture(new MemoryStore());
    fixture.store.refusal = new ModwireError('DATA_LOSS', 'the disk is gone');
    await append(fixture, 'a', [1]);
    expect(fixture.failed).toEqual([{ entries: [1], code: 'DATA_LOSS' }]);
    fixture.store.refusal = undefined;
    fixture.nowMicros += 3_600_000_000;
    expect(() => fixture.log.append(stampedFrame({ subject: 'a' }), 2)).toThrowError('the disk is gone');
  });

  it('serves the records around those that are damaged, and names these', async () => {
    const inner = new MemoryStore();
    const fixture = new LogFixture(inner);
    const { log } = fixture;
    await append(fixture, 'a', [1, 2, 3, 4]);
    await append(fixture, 'a', [5, 6]);
    await append(fixture, 'a', [7]);
    damage(inner, 2);
    damage(inner, 3);
    damageHead(inner, 5);
    expect(log.read(1)).toMatchObject({ offsets: [1], nextOffset: 2 });
    const lost = (where: string, nextOffset: number) =>
      expect.objectContaining({
        ...{ code: 'DATA_LOSS', nextOffset },
        message: expect.stringContaining(`stream orders, ${where}`) as string,
      });
    expect(() => log.read(2)).toThrowError(lost('offsets 2 to 3', 4));
    expect(log.read(4)).toMatchObject({ offsets: [4], nextOffset: 5 });
    expect(() => log.read(5)).toThrowError(lost('offsets 5 to 6', 7));
    expect(log.read(7)).toMatchObject({ offsets: [7], nextOffset: 8 });
  });

  it('tells the reader of a subject what of it is damaged, and of others nothing', async () => {
    const inner = new MemoryStore();
    const fixture = new LogFixture(inner);
    const { log } = fixture;
    for (const [subject, sequence] of [
      ['a', 1],
      ['b', 1],
      ['a', 2],
      ['a', 3],
      ['b', 2],
    ] as const) {
      log.append(stampedFrame({ subject, position: { epoch: 1, sequence } }), 0);
    }
    await log.idle();
    await append(fixture, 'a', [4]);
    damage(inner, 3);
    expect(log.readSubject('b', 1, 0)).toMatchObject({ offsets: [2, 5] });
    expect(log.readSubject('a', 1, 0)).toMatchObject({ offsets: [1] });
    expect(() => log.readSubject('a', 1, 1)).toThrowError(
      expect.objectContaining({
        code: 'DATA_LOSS',
        extent: expect.objectContaining({ epoch: 1, sequence: 2 }) as object,
      }),
    );
    expect(log.readSubject('a', 1, 2)).toMatchObject({ offsets: [4] });
    expect(log.missing('a', 1, 1)).toEqual([{ epoch: 1, first: 2, last: 2 }]);
    damageHead(inner, 1);
    expect(() => log.readSubject('a', 1, 0)).toThrowError(
      expect.objectContaining({
        extent: expect.objectContaining({ first: 1, last: 5, epoch: 1, sequence: 3 }) as object,
      }),
    );
    expect(log.missing('a', 1, 0)).toEqual([{ epoch: 1, first: 1, last: 3 }]);
    expect(log.readSubject('a', 1, 3)).toMatchObject({ offsets: [6] });
  });

  it('lets damaged blocks go when they are old, and counts anew what is left', async () => {
    const inner = new MemoryStore();
    const fixture = new LogFixture(inner, { retention: { maxRecords: 3 } });
    await append(fixture, 'a', [1, 2]);
    damageHead(inner, 1);
    await append(fixture, 'a', [3, 4]);
    await append(fixture, 'a', [5]);
    expect(fixture.log.info()).toMatchObject({ records: 3, firstOffset: 3, lastOffset: 5 });
    expect(fixture.log.read(1)).toMatchObject({ offsets: [3, 4] });
    // The marks of what was damaged lead nowhere, and are passed by.
    expect(fixture.log.readSubject('a', 1, 0)).toMatchObject({ offsets: [3, 4] });
  });

  it('says what of a count is gone, also of epochs that it has nothing of any more', async () => {
    const fixture = new LogFixture(new MemoryStore());
    const { log } = fixture;
    await append(fixture, 'a', [1, 2, 3], 1);
    await append(fixture, 'a', [1, 2], 2);
    await append(fixture, 'a', [1, 2, 3], 3);
    expect(log.missing('a', 1, 1)).toEqual([]);
    await log.purge({ before: 3 });
    expect(log.missing('a', 1, 1)).toEqual([{ epoch: 1, first: 2, last: 2 }]);
    await log.purge({ before: 5 });
    expect(log.missing('a', 1, 2)).toEqual([
      { epoch: 1, first: 3, last: 0 },
      { epoch: 2, first: 1, last: 1 },
    ]);
    await log.purge({});
    expect(log.missing('a', 3, 2)).toEqual([{ epoch: 3, first: 3, last: 3 }]);
    expect(log.missing('a', 3, 3)).toEqual([]);
    expect(log.missing('a', 2, 9)).toEqual([
      { epoch: 2, first: 10, last: 0 },
      { epoch: 3, first: 1, last: 3 },
    ]);
    expect(log.missing('never', 1, 1)).toEqual([]);
    expect(log.positionOf('a')).toEqual({ epoch: 3, sequence: 3 });
  });

  it('lets blocks go once all of their records are too old', async () => {
    const fixture = new LogFixture(new MemoryStore(), { retention: { maxAgeMs: 10_000 } });
    for (let second = 0; second < 20; second++) {
      await append(fixture, 'a', [second + 1]);
      fixture.nowMicros += 1_000_000;
    }
    await fixture.log.trim(fixture.nowMicros);
    expect(fixture.log.info()).toMatchObject({
      ...{ records: 10, firstOffset: 11, oldestMicros: START_MICROS + 10_000_000 },
    });
  });

  it('keeps at most as many bytes as it may, but what was written last in any case', async () => {
    const fixture = new LogFixture(new MemoryStore(), { retention: { maxBytes: 1_000 } });
    for (let sequence = 1; sequence <= 20; sequence++) await append(fixture, 'a', [sequence]);
    const { bytes, records } = fixture.log.info();
    expect(bytes).toBeLessThanOrEqual(1_000);
    expect(bytes + bytes / records).toBeGreaterThan(1_000);
    await append(
      fixture,
      'a',
      Array.from({ length: 20 }, (_, index) => 21 + index),
    );
    expect(fixture.log.info().records).toBe(20);
  });

  it('goes on with records while it purges, and purges none of those', async () => {
    const fixture = new LogFixture(new MemoryStore(), { retention: { maxRecords: 150 } });
    const { log } = fixture;
    for (let sequence = 1; sequence <= 150; sequence++)
      await append(fixture, `s.${sequence % 2}`, [sequence]);
    const purged = log.purge({ filter: 's.1', keep: 10 });
    for (let sequence = 151; sequence <= 200; sequence++) {
      log.append(stampedFrame({ subject: 's.1', id: idOf(sequence) }), sequence);
      log.commit();
      await Promise.resolve();
    }
    expect(await purged).toBe(65);
    await log.idle();
    expect(log.info().records).toBe(135);
    expect(fixture.stored.map(({ offset }) => offset)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('fails a purge whose write fails, and nothing else', async () => {
    const fixture = new LogFixture(new MemoryStore());
    await append(fixture, 'a', [1, 2]);
    fixture.store.refusal = DISK_FULL;
    await expect(fixture.log.purge({})).rejects.toBe(DISK_FULL);
    fixture.store.refusal = undefined;
    await append(fixture, 'a', [3]);
    expect(fixture.log.info().records).toBe(3);
    await expect(fixture.log.purge({ filter: 'a..b' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('keeps notes beside the records, over failed writes and a restart', async () => {
    const fixture = new LogFixture(new MemoryStore());
    fixture.log.setNote('c1', Uint8Array.of(1));
    fixture.log.setNote('c2', Uint8Array.of(2));
    fixture.store.refusal = DISK_FULL;
    fixture.log.commit();
    await fixture.log.idle();
    fixture.log.setNote('c1', Uint8Array.of(3));
    fixture.store.refusal = undefined;
    expect(fixture.log.note('c1')).toEqual(Uint8Array.of(3));
    fixture.nowMicros += 1_000_000;
    await fixture.log.idle();
    const again = fixture.reopen();
    expect([again.note('c1'), again.note('c2'), again.note('c3')]).toEqual([
      ...[Uint8Array.of(3), Uint8Array.of(2), undefined],
    ]);
    again.setNote('c1', undefined);
    await again.idle();
    expect(fixture.reopen().noteNames()).toEqual(['c2']);
  });

  it('says when notes are written: with the write after the one under way, and why they are not', async () => {
    const { log, store } = new LogFixture(new MemoryStore());
    await log.writeNotes();
    expect(store.writes).toBe(0);
    const gate = deferred();
    store.gate = gate.promise;
    log.setNote('c', Uint8Array.of(1));
    const first = log.writeNotes();
    log.setNote('c', Uint8Array.of(2));
    const second = log.writeNotes();
    // Nothing has changed, but what is there is not written yet.
    const third = log.writeNotes();
    gate.resolve();
    await Promise.all([first, second, third]);
    expect([store.writes, store.notes('note/').get('note/c')]).toEqual([2, Uint8Array.of(2)]);
    store.refusal = DISK_FULL;
    log.setNote('c', Uint8Array.of(3));
    await expect(log.writeNotes()).rejects.toBe(DISK_FULL);
    await expect(log.writeNotes()).rejects.toBe(DISK_FULL);
  });

  it('knows ids of the window again after a restart, as many as it may', async () => {
    const fixture = new LogFixture(new MemoryStore(), { dedupMs: 10_000 }, { maxDedupIds: 5 });
    for (let entry = 1; entry <= 20; entry++) {
      fixture.log.append(
        stampedFrame({ subject: 'a', id: idOf(entry), brokerTime: fixture.nowMicros }),
        entry,
      );
      fixture.nowMicros += 1_000_000;
    }
    await fixture.log.idle();
    const known = () =>
      Array.from({ length: 21 }, (_, id) => fixture.log.find(idOf(id))?.offset).filter(Boolean);
    expect(known()).toEqual([16, 17, 18, 19, 20]);
    fixture.reopen();
    expect(known()).toEqual([16, 17, 18, 19, 20]);
    fixture.nowMicros += 7_000_000;
    fixture.reopen();
    expect(known()).toEqual([18, 19, 20]);
  });

  it('counts anew when its totals are damaged', async () => {
    const inner = new MemoryStore();
    const fixture = new LogFixture(inner);
    await append(fixture, 'a', [1, 2]);
    await append(fixture, 'b', [1]);
    const before = fixture.log.info();
    inner.notes('totals').get('totals')![20]! ^= 1;
    expect(fixture.reopen().info()).toEqual(before);
  });

  it('lets the oldest of a subject go after a restart too, whether counted or not', async () => {
    const fixture = new LogFixture(new MemoryStore(), { retention: { maxPerSubject: 2 } });
    fixture.log.append(stampedFrame({ subject: 'a', position: { epoch: 1, sequence: 1 } }), 1);
    fixture.log.append(stampedFrame({ subject: 'a' }), 2);
    await fixture.log.idle();
    fixture.reopen().append(stampedFrame({ subject: 'a' }), 3);
    await fixture.log.idle();
    expect([1, 2, 3].map((offset) => fixture.log.read(offset)?.offsets)).toEqual([[2], [2], [3]]);
  });

  it('names its subjects that a filter selects', async () => {
    const fixture = new LogFixture(new MemoryStore());
    for (const subject of ['b', 'a.c', 'a.b']) await append(fixture, subject, [1]);
    const selected = (filter: string) => {
      const found: string[] = [];
      fixture.log.subjects(filter, (subject) => found.push(subject) > 0);
      return found;
    };
    expect(['>', 'a.*', 'b', 'c'].map(selected)).toEqual([['a.b', 'a.c', 'b'], ['a.b', 'a.c'], ['b'], []]);
  });

  it('stores what waits when it is closed, and takes nothing more', async () => {
    const { log, stored } = new LogFixture(new MemoryStore());
    log.append(stampedFrame({ subject: 'a' }), 1);
    await log.close();
    expect(stored).toHaveLength(1);
    expect(() => log.append(stampedFrame({ subject: 'a' }), 2)).toThrowError(
      expect.objectContaining({ code: 'FAILED_PRECONDITION' }),
    );
  });
});
