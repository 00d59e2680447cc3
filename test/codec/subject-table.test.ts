import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { Memory } from '../../src/codec/memory.js';
import { SubjectTable } from '../../src/codec/subject-table.js';
import { REQUIRED_FIELDS } from '../support/frame-arbitrary.js';

const writer = new FrameWriter();
const verifier = new FrameVerifier(9);

/** A verified frame with a subject, in memory that is reused by nobody. With `hash` it pretends to have that hash. */
function frameOf(subject: string, hash?: number): FrameView {
  const bytes = writer.encode({ ...REQUIRED_FIELDS, subject });
  const view = new FrameView();
  expect(verifier.verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
  if (hash !== undefined) view.subjectHash = hash;
  return view;
}

const SUBJECTS = ['a', 'b', 'aa', 'aaaa', 'aaab', 'aaaab', 'aaaac', 'a.b.c.d', 'größe', ''];

/** Hashes as they come, and all the same: then only the bytes tell subjects apart. */
describe.each([
  ['hashes of their own', undefined],
  ['one hash for all', 7],
] as const)('a table of subjects with %s', (_, hash) => {
  it('finds what was added and forgets what was deleted, like a map', () => {
    const action = fc.tuple(fc.constantFrom('add', 'find', 'delete'), fc.constantFrom(...SUBJECTS));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const table = new SubjectTable<string>();
        const model = new Map<string, string>();
        for (const [what, subject] of actions) {
          const frame = frameOf(subject, hash);
          expect(table.find(frame)).toBe(model.get(subject));
          if (what === 'add' && !model.has(subject)) {
            table.add(frame, subject);
            model.set(subject, subject);
          }
          if (what === 'delete') {
            table.deleteWhere((value) => value === subject);
            model.delete(subject);
          }
          expect(table.size).toBe(model.size);
        }
        for (const subject of SUBJECTS) expect(table.find(frameOf(subject, hash))).toBe(model.get(subject));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps its own copy of the subject', () => {
    const table = new SubjectTable<number>();
    const frame = frameOf('models.ranker', hash);
    table.add(frame, 1);
    frame.memory.u8.fill(0);
    expect(table.find(frameOf('models.ranker', hash))).toBe(1);
  });
});
