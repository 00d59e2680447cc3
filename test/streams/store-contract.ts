import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  Mark,
  StoreChange,
  StoredBlock,
  StreamStore,
  SubjectState,
} from '../../src/streams/stream-store.js';

/** A store that is made for a test: an empty one, and the same opened again where it outlives its process. */
export interface StoreFixture {
  readonly store: StreamStore;
  /** Closes it and opens it again; undefined where nothing is left then. */
  reopen?(): Promise<StreamStore>;
  /** Closes what is open and removes it. */
  remove(): Promise<void>;
}

type MakeStore = () => Promise<StoreFixture>;

/** What a store has to hold, told the simplest way. */
class StoreModel {
  readonly blocks = new Map<number, Uint8Array>();
  readonly subjects = new Map<string, SubjectState>();
  readonly marks = new Map<string, Mark>();
  readonly notes = new Map<string, Uint8Array>();

  write(change: StoreChange): void {
    for (const offset of change.removedBlocks ?? []) this.blocks.delete(offset);
    for (const { lastOffset, bytes } of change.blocks ?? []) this.blocks.set(lastOffset, bytes);
    for (const text of change.removedSubjects ?? []) this.subjects.delete(text);
    for (const [text, state] of change.subjects ?? []) this.subjects.set(text, state);
    for (const mark of change.removedMarks ?? []) this.marks.delete(keyOf(mark));
    for (const mark of change.marks ?? []) this.marks.set(keyOf(mark), mark);
    for (const [name, bytes] of change.notes ?? []) {
      if (bytes === undefined) this.notes.delete(name);
      else this.notes.set(name, bytes);
    }
  }

  block(offset: number): StoredBlock | undefined {
    const [first] = [...this.blocks].filter(([key]) => key >= offset).sort(([a], [b]) => a - b);
    return first && { lastOffset: first[0], bytes: first[1] };
  }

  markFrom(subject: number, epoch: number, sequence: number): Mark | undefined {
    return [...this.marks.values()]
      .filter((mark) => mark.subject === subject)
      .filter((mark) => mark.epoch > epoch || (mark.epoch === epoch && mark.sequence >= sequence))
      .sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence)[0];
  }
}

function keyOf({ subject, epoch, sequence }: Omit<Mark, 'block'>): string {
  return `${subject} ${epoch} ${sequence}`;
}

const OFFSETS = [1, 2, 3, 255, 256, 257, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
const TEXTS = ['a', 'a.b', 'ab', 'b', 'ä', 'x'.repeat(255)];
const NAMES = ['n', 'note/', 'note/a', 'note/ab', 'note0', 'o'];
const offset = fc.constantFrom(...OFFSETS);
const subject = fc.constantFrom(1, 2, 255, 256, 2 ** 32 - 2);
const place = fc.record({ subject, epoch: offset, sequence: offset });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const state = fc.record({ id: subject, epoch: offset, sequence: offset, offset });

const change: fc.Arbitrary<StoreChange> = fc.record(
  {
    blocks: fc.array(fc.record({ lastOffset: offset, bytes }), { maxLength: 3 }),
    removedBlocks: fc.array(offset, { maxLength: 3 }),
    subjects: fc
      .array(fc.tuple(fc.constantFrom(...TEXTS), state), { maxLength: 3 })
      .map((all) => new Map(all)),
    removedSubjects: fc.array(fc.constantFrom(...TEXTS), { maxLength: 2 }),
    marks: fc.array(
      fc.tuple(place, offset).map(([at, block]) => ({ ...at, block })),
      { maxLength: 3 },
    ),
    removedMarks: fc.array(place, { maxLength: 3 }),
    notes: fc
      .array(fc.tuple(fc.constantFrom(...NAMES), fc.option(bytes, { nil: undefined })), { maxLength: 3 })
      .map((all) => new Map(all)),
  },
  { requiredKeys: [] },
);

/** Everything that can be asked, asked of both. */
function expectSame(store: StreamStore, model: StoreModel): void {
  for (const from of [0, ...OFFSETS]) {
    const found = store.block(from);
    expect(found && { ...found, bytes: Uint8Array.from(found.bytes) }).toEqual(model.block(from));
  }
  expect(store.lastBlock()?.lastOffset ?? 0).toBe(Math.max(0, ...model.blocks.keys()));
  for (const text of TEXTS) expect(store.subject(text)).toEqual(model.subjects.get(text));
  const visited: [string, SubjectState][] = [];
  store.visitSubjects((text, at) => visited.push([text, at]) > 0);
  expect(visited).toEqual([...model.subjects].sort(([a], [b]) => (a < b ? -1 : 1)));
  for (const id of [1, 2, 3, 255, 256, 2 ** 32 - 2]) {
    for (const epoch of [0, 1, 255, 2 ** 32]) {
      for (const sequence of [0, 2, 256]) {
        expect(store.markFrom(id, epoch, sequence)).toEqual(model.markFrom(id, epoch, sequence));
      }
    }
  }
  for (const prefix of ['', 'n', 'note/', 'note/a', 'z']) {
    const kept = [...model.notes].filter(([name]) => name.startsWith(prefix));
    const found = [...store.notes(prefix)].map(([name, note]) => [name, Uint8Array.from(note)]);
    expect(found).toEqual(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** What every store promises; `runs` is how many courses of changes it is tried with. */
export function describeStore(name: string, makeStore: MakeStore, runs = 60): void {
  describe(name, () => {
    it('has what was written and finds it, and has it again after it was closed', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
          const fixture = await makeStore();
          try {
            const model = new StoreModel();
            for (const one of changes) {
              await fixture.store.write(one);
              model.write(one);
              expectSame(fixture.store, model);
            }
            const again = await fixture.reopen?.();
            if (again !== undefined) expectSame(again, model);
          } finally {
            await fixture.remove();
          }
        }),
        { numRuns: runs },
      );
    });

    it('has changes in the order in which they were given, also when nobody waits for them', async () => {
      const fixture = await makeStore();
      const model = new StoreModel();
      const all = Array.from({ length: 50 }, (_, index): StoreChange => {
        const lastOffset = (index % 7) + 1;
        return index % 3 === 2
          ? { removedBlocks: [lastOffset] }
          : { blocks: [{ lastOffset, bytes: Uint8Array.of(index) }] };
      });
      await Promise.all(all.map((one) => fixture.store.write(one)));
      for (const one of all) model.write(one);
      expectSame(fixture.store, model);
      await fixture.remove();
    });

    it('does not mind what becomes of the bytes once they are written', async () => {
      const fixture = await makeStore();
      const block = Uint8Array.of(1, 2, 3);
      const note = Uint8Array.of(4);
      await fixture.store.write({ blocks: [{ lastOffset: 1, bytes: block }], notes: new Map([['n', note]]) });
      block.fill(0);
      note.fill(0);
      expect([...fixture.store.block(1)!.bytes]).toEqual([1, 2, 3]);
      expect([...fixture.store.notes('n').get('n')!]).toEqual([4]);
      await fixture.remove();
    });

    it('stops visiting subjects when it is told to', async () => {
      const fixture = await makeStore();
      const at = { id: 1, epoch: 1, sequence: 1, offset: 1 };
      await fixture.store.write({ subjects: new Map(['c', 'a', 'b'].map((text) => [text, at])) });
      const visited: string[] = [];
      fixture.store.visitSubjects((text) => visited.push(text) < 2);
      expect(visited).toEqual(['a', 'b']);
      await fixture.remove();
    });

    it('knows how much it takes', async () => {
      const fixture = await makeStore();
      await fixture.store.write({ blocks: [{ lastOffset: 1, bytes: new Uint8Array(100_000) }] });
      expect(fixture.store.storedBytes).toBeGreaterThanOrEqual(100_000);
      await fixture.remove();
    });
  });
}
