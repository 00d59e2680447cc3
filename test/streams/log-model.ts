import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesFilter } from '../../src/codec/subject.js';
import type { Purge } from '../../src/streams/purge.js';
import type { StreamStore } from '../../src/streams/stream-store.js';
import { idOf, stampedFrame } from '../support/stream-frames.js';
import { DISK_FULL, LogFixture } from './log-fixture.js';

const SUBJECTS = ['a', 'a.b', 'a.c', 'b.c'];

interface ModelRecord {
  readonly offset: number;
  readonly subject: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly time: number;
  readonly id: number;
  readonly bytes: Uint8Array;
}

type Action =
  | {
      readonly do: 'append';
      subject: string;
      count: number;
      counted: boolean;
      payload: number;
      turn: boolean;
    }
  | { readonly do: 'again'; back: number }
  | { readonly do: 'anew'; subject: string }
  | { readonly do: 'settle' | 'fail' | 'reopen' | 'trim' }
  | { readonly do: 'purge'; purge: { filter?: string; before?: number; keep?: number } };

const subject = fc.constantFrom(...SUBJECTS);
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        ...{ do: fc.constant('append' as const), subject, count: fc.integer({ min: 1, max: 6 }) },
        counted: fc.integer({ max: 5, min: 0 }).map((number) => number > 0),
        payload: fc.constantFrom(0, 0, 0, 10, 10, 10, 10, 30_000, 70_000),
        turn: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('anew' as const), subject }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom('settle', 'settle', 'fail', 'reopen', 'trim') }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('purge' as const),
        purge: fc.record(
          {
            filter: fc.constantFrom('a', 'a.*', '>', 'x'),
            before: fc.nat(60),
            keep: fc.nat(6),
          },
          { requiredKeys: [] },
        ),
      }),
    },
  ),
  { maxLength: 20 },
) as fc.Arbitrary<Action[]>;

const bounds = fc.record({
  maxRecords: fc.constantFrom(0, 0, 7),
  maxPerSubject: fc.constantFrom(0, 0, 1, 3),
});
type Bounds = Parameters<Parameters<typeof bounds.map>[0]>[0];

/** The same done with a list. */
class ModelRun {
  readonly #fixture: LogFixture;
  readonly #bounds: Bounds;
  /** That can be read. */
  kept: ModelRecord[] = [];
  waiting: ModelRecord[] = [];
  /** Every one that was ever stored. */
  readonly all: ModelRecord[] = [];
  /** Of the last counted record of each subject, with those that wait. */
  readonly counts = new Map<string, { epoch: number; sequence: number }>();
  /** Gone when the log was opened last, so that it does not know their ids. */
  #forgotten: ReadonlySet<ModelRecord> = new Set();
  #ids = 0;
  #told = 0;

  constructor(store: StreamStore, retention: Bounds) {
    this.#bounds = retention;
    this.#fixture = new LogFixture(store, { retention });
  }

  get #lastStored(): number {
    return this.all.at(-1)?.offset ?? 0;
  }

  async run(action: Action): Promise<void> {
    const fixture = this.#fixture;
    fixture.nowMicros += 1_000;
    switch (action.do) {
      case 'append':
        for (let left = action.count; left > 0; left--) this.#append(action);
        if (action.turn) await this.#settle();
        return;
      case 'again': {
        const known = [...this.all, ...this.waiting];
        const record = known.at(-1 - action.back);
        if (record !== undefined) this.#expectFound(record);
        expect(fixture.log.find(idOf(999_999))).toBeUndefined();
        return;
      }
      case 'anew': {
        const { epoch = 0 } = this.counts.get(action.subject) ?? {};
        this.counts.set(action.subject, { epoch: epoch + 10, sequence: 0 });
        return;
      }
      case 'fail':
        return this.#fail();
      case 'settle':
        return this.#settle();
      case 'reopen':
        await this.#settle();
        fixture.reopen();
        this.#forgotten = new Set(this.all.filter((record) => !this.kept.includes(record)));
        return this.#check();
      case 'trim':
        await this.#settle();
        await fixture.log.trim(fixture.nowMicros);
        if (this.#bounds.maxRecords > 0) this.kept = this.kept.slice(-this.#bounds.maxRecords);
        return this.#check();
      case 'purge': {
        await this.#settle();
        const gone = this.#purged(action.purge);
        expect(await fixture.log.purge(action.purge)).toBe(gone.size);
        this.kept = this.kept.filter((record) => !gone.has(record));
        return this.#check();
      }
    }
  }

  #append({ subject, counted, payload }: Extract<Action, { do: 'append' }>): void {
    const { log, nowMicros: time } = this.#fixture;
    const offset = this.#lastStored + this.waiting.length + 1;
    const { epoch, sequence } = this.counts.get(subject) ?? { epoch: 5, sequence: 0 };
    const position = counted ? { epoch, sequence: sequence + 1 } : { epoch: 0, sequence: offset };
    if (counted) this.counts.set(subject, position);
    const id = ++this.#ids;
    const frame = stampedFrame({
      ...{ subject, id: idOf(id), payload: new Uint8Array(payload), brokerTime: time },
      ...(counted && { position }),
    });
    this.waiting.push({ offset, subject, ...position, time, id, bytes: frame.bytes.slice() });
    expect(log.append(frame, id)).toBe(offset);
    // The log has taken a copy.
    frame.memory.u8.fill(0);
  }

  async #settle(): Promise<void> {
    const { log, stored } = this.#fixture;
    await log.idle();
    const batch = this.waiting.splice(0);
    const told = stored.slice(this.#told);
    expect(told.map(({ offset, entry }) => [offset, entry])).toEqual(
      batch.map(({ offset, id }) => [offset, id]),
    );
    for (const [index, { frame }] of told.entries()) {
      expect(Buffer.compare(frame, batch[index]!.bytes)).toBe(0);
    }
    this.#told = stored.length;
    this.all.push(...batch);
    this.kept.push(...batch);
    if (batch.length > 0) this.#bound(batch);
    this.#check();
  }

  /** What is written is at first there whatever the bounds are. */
  #bound(batch: readonly ModelRecord[]): void {
    const { maxPerSubject, maxRecords } = this.#bounds;
    if (maxPerSubject > 0) {
      this.kept = this.kept.filter(({ subject, offset }) => {
        const later = this.kept.filter((other) => other.subject === subject && other.offset > offset);
        return later.length < maxPerSubject;
      });
    }
    const fresh = this.kept.filter(({ offset }) => offset >= batch[0]!.offset).length;
    if (maxRecords > 0) this.kept = this.kept.slice(-Math.max(maxRecords, fresh));
  }

  async #fail(): Promise<void> {
    const fixture = this.#fixture;
    if (this.waiting.length === 0) return;
    fixture.store.refusal = DISK_FULL;
    fixture.log.commit();
    // These wait behind the write that fails, and fail with it.
    this.#append({ do: 'append', subject: 'a', count: 1, counted: true, payload: 10, turn: false });
    await fixture.log.idle();
    fixture.store.refusal = undefined;
    const entries = this.waiting.map(({ id }) => id);
    expect(fixture.failed.splice(0)).toEqual([{ entries, code: 'RESOURCE_EXHAUSTED' }]);
    this.waiting = [];
    for (const text of SUBJECTS) {
      const last = this.all.findLast((record) => record.subject === text && record.epoch > 0);
      if (last === undefined) this.counts.delete(text);
      else this.counts.set(text, { epoch: last.epoch, sequence: last.sequence });
    }
    const refused = stampedFrame({ subject: 'a' });
    expect(() => fixture.log.append(refused, 0)).toThrowError(DISK_FULL);
    expect(fixture.log.info().failing).toBe('the disk is full');
    fixture.nowMicros += 1_000_000;
    this.#check();
  }

  #purged({ filter, before = Number.POSITIVE_INFINITY, keep = 0 }: Purge): Set<ModelRecord> {
    const selected = this.kept.filter(
      ({ subject }) => filter === undefined || matchesFilter(filter, subject),
    );
    const names = [...new Set(selected.map(({ subject }) => subject))];
    const groups =
      filter === undefined
        ? [selected]
        : names.map((name) => selected.filter(({ subject }) => subject === name));
    const old = groups.flatMap((group) => group.slice(0, Math.max(0, group.length - keep)));
    return new Set(old.filter(({ offset }) => offset < before));
  }

  #expectFound(record: ModelRecord): void {
    const isPending = this.waiting.includes(record);
    const found = this.#fixture.log.find(idOf(record.id));
    if (this.#forgotten.has(record)) {
      expect(found).toBeUndefined();
      return;
    }
    expect(found).toMatchObject({ offset: record.offset, isPending });
    const { epoch, sequence } = record;
    if (isPending || this.kept.includes(record)) expect(found).toMatchObject({ epoch, sequence });
    else
      expect([
        { epoch, sequence },
        { epoch: 0, sequence: 0 },
      ]).toContainEqual({ epoch: found!.epoch, sequence: found!.sequence });
  }

  #check(): void {
    const { log } = this.#fixture;
    const { kept } = this;
    const info = log.info();
    const last = this.#lastStored;
    expect(info).toMatchObject({
      ...{
        records: kept.length,
        firstOffset: kept[0]?.offset ?? last + 1,
        lastOffset: last,
        pendingBytes: 0,
      },
      ...{ oldestMicros: kept[0]?.time, newestMicros: kept.at(-1)?.time },
      subjects: new Set(this.all.map(({ subject }) => subject)).size,
    });
    for (const from of [0, ...some(kept).map(({ offset }) => offset), last]) {
      expect(this.#readAll(from)).toEqual(
        kept.filter(({ offset }) => offset >= from).map(({ offset }) => offset),
      );
    }
    for (const { time } of some(kept)) {
      const first = kept.find((record) => record.time >= time)!;
      const at = log.offsetAt(time);
      expect(kept.filter(({ offset }) => offset >= at)[0]).toBe(first);
    }
    for (const text of SUBJECTS) this.#checkSubject(text);
  }

  #readAll(from: number): number[] {
    const offsets: number[] = [];
    for (let next = from; ; ) {
      const block = this.#fixture.log.read(next);
      if (block === undefined) return offsets;
      block.offsets.forEach((offset, index) => {
        const bytes = block.memory.u8.subarray(block.starts[index], block.ends[index]);
        const record = this.all.find((one) => one.offset === offset)!;
        expect(Buffer.compare(bytes, record.bytes)).toBe(0);
        offsets.push(offset);
      });
      expect(block.nextOffset).toBeGreaterThan(next);
      next = block.nextOffset;
    }
  }

  #checkSubject(text: string): void {
    const { log } = this.#fixture;
    const ever = this.all.filter(({ subject, epoch }) => subject === text && epoch > 0);
    const last = ever.at(-1);
    expect(log.positionOf(text)).toEqual(last && { epoch: last.epoch, sequence: last.sequence });
    const present = this.kept
      .filter(({ subject }) => subject === text)
      .sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence);
    for (const after of [{ epoch: 0, sequence: 0 }, ...some(ever)]) {
      const behind = present.filter(
        ({ epoch, sequence }) => epoch > after.epoch || (epoch === after.epoch && sequence > after.sequence),
      );
      const offsets: number[] = [];
      let place = { epoch: after.epoch, sequence: after.sequence };
      for (let block = log.readSubject(text, place.epoch, place.sequence); block !== undefined; ) {
        offsets.push(...block.offsets);
        place = { ...block.positions.at(-1)! };
        block = log.readSubject(text, place.epoch, place.sequence);
      }
      expect(offsets).toEqual(behind.map(({ offset }) => offset));
      if (after.epoch === 0) continue;
      const missed = log.missing(text, after.epoch, after.sequence);
      const gone = ever.filter((record) => {
        const isBehind = record.epoch === after.epoch && record.sequence > after.sequence;
        return (isBehind || record.epoch > after.epoch) && !present.includes(record);
      });
      const next = behind[0];
      for (const record of gone) {
        const isBefore = next === undefined || record.offset < next.offset;
        const isTold = missed.some(
          ({ epoch, first, last: end }) =>
            epoch === record.epoch && first <= record.sequence && (end === 0 || record.sequence <= end),
        );
        // Epochs between two that it has are not told of one by one: the first of them stands for all.
        if (isBefore && record.epoch === after.epoch) expect(isTold).toBe(true);
        if (isBefore && next !== undefined && record.epoch === next.epoch) expect(isTold).toBe(true);
      }
      for (const { epoch, first, last: end } of missed) {
        expect(
          present.some((one) => one.epoch === epoch && one.sequence >= first && one.sequence <= end),
        ).toBe(false);
      }
    }
  }
}

/** A few of a list, from all of it. */
function some<Item>(list: readonly Item[]): Item[] {
  const step = Math.ceil(list.length / 3);
  return list.filter((_, index) => index % step === step - 1);
}

/** A log over stores of some kind does what a list would do. `makeStore` gives an empty one, and what removes it. */
export function testLogModel(
  name: string,
  makeStore: () => Promise<{ store: StreamStore; remove(): Promise<void> }>,
  runs = 100,
): void {
  it(`${name}: a log has what was stored and not removed, whatever comes in between`, async () => {
    await fc.assert(
      fc.asyncProperty(bounds, actions, async (retention, all) => {
        const { store, remove } = await makeStore();
        try {
          const run = new ModelRun(store, retention);
          for (const action of all) await run.run(action);
          await run.run({ do: 'settle' });
        } finally {
          await remove();
        }
      }),
      { numRuns: runs },
    );
  });
}
