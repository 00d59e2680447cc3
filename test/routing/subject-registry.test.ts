import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../src/codec/frame-view.js';
import { openFrame } from '../../src/codec/index.js';
import { matchesFilter } from '../../src/codec/subject.js';
import { type CountStart, type Subject, SubjectRegistry } from '../../src/routing/subject-registry.js';
import { frameOf } from '../support/raw-client.js';

const IDLE_MS = 1_000;
const START_MS = 1_700_000_000_000;

/** A frame of a subject, as it was verified; `hash` forces its subject to collide with others. */
function frame(subject: string, hash?: number): FrameView {
  const view = openFrame(frameOf(subject));
  if (hash !== undefined) view.subjectHash = hash;
  return view;
}

function registry(
  maxSubjects: number,
  inUse: ReadonlySet<string> = new Set(),
  kept: ReadonlyMap<string, CountStart> = new Map(),
) {
  const log: string[] = [];
  const subjects = new SubjectRegistry<{ tag: string }>({
    maxSubjects,
    idleMs: IDLE_MS,
    keptCount: (text) => kept.get(text),
    create: (text) => ({ tag: `state of ${text}` }),
    created: ({ text }) => log.push(`+${text}`),
    mayForget: ({ text }) => !inUse.has(text),
    forget: ({ text }) => log.push(`-${text}`),
  });
  return { subjects, log };
}

function selected<State>(subjects: SubjectRegistry<State>, filter: string): string[] {
  const found: string[] = [];
  subjects.selectedBy(filter, ({ text }) => found.push(text));
  return found.sort();
}

describe('the subjects of a broker', () => {
  it('go on with the count that was kept of them, by their name or by a frame', () => {
    const { subjects, log } = registry(10, new Set(), new Map([['a', { epoch: 7, sequence: 41 }]]));
    const named = subjects.named('a', START_MS);
    expect(named).toMatchObject({ text: 'a', epoch: 7, sequence: 41 });
    expect(subjects.of(frame('a'), START_MS)).toBe(named);
    expect(subjects.of(frame('b'), START_MS)).toMatchObject({ epoch: START_MS * 1000, sequence: 0 });
    expect(subjects.named('b', START_MS)).toBe(subjects.of(frame('b'), START_MS));
    expect(log).toEqual(['+a', '+b']);
  });

  it('appear with their first frame and are found by later ones', () => {
    const { subjects, log } = registry(10);
    const first = subjects.of(frame('a.b'), START_MS);
    expect(first).toMatchObject({ text: 'a.b', sequence: 0, state: { tag: 'state of a.b' } });
    expect(subjects.of(frame('a.b'), START_MS + 1)).toBe(first);
    expect(subjects.of(frame('a.c'), START_MS + 1)).not.toBe(first);
    expect(log).toEqual(['+a.b', '+a.c']);
    expect(subjects.size).toBe(2);
  });

  it('are the same subjects when their hashes collide, also after some were forgotten', () => {
    const texts = ['a', 'b', 'aa', 'ab', 'ba', 'aaaa', 'aaab', 'aaaaa', 'aaaab', 'ä'];
    const steps = fc.array(
      fc.record({
        text: fc.constantFrom(...texts),
        hash: fc.nat(1),
        passed: fc.constantFrom(0, 0, 0, IDLE_MS),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const { subjects } = registry(6);
        const known = new Map<string, Subject<{ tag: string }>>();
        let nowMs = START_MS;
        // One hash per text, as a verifier would give.
        const hashes = new Map<string, number>();
        for (const { text, hash, passed } of all) {
          nowMs += passed;
          if (!hashes.has(text)) hashes.set(text, hash);
          const before = selected(subjects, '>');
          let found: Subject<{ tag: string }>;
          try {
            found = subjects.of(frame(text, hashes.get(text)!), nowMs);
          } catch (error) {
            expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
            expect(before).not.toContain(text);
            expect(before.length).toBe(6);
            continue;
          }
          expect(found.text).toBe(text);
          if (before.includes(text)) expect(found).toBe(known.get(text));
          else expect(found).not.toBe(known.get(text));
          known.set(text, found);
          expect(subjects.size).toBe(selected(subjects, '>').length);
          expect(subjects.size).toBeLessThanOrEqual(6);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are selected by filters', () => {
    const { subjects } = registry(10);
    const texts = ['a', 'a.b', 'a.c', 'a.b.c', 'b.c'];
    for (const text of texts) subjects.of(frame(text), START_MS);
    for (const filter of ['>', 'a.>', 'a.*', '*.c', '*', 'a.b.c', 'x.>']) {
      expect(selected(subjects, filter)).toEqual(texts.filter((text) => matchesFilter(filter, text)).sort());
    }
  });

  it('have epochs that rise, also within a millisecond and when the clock goes back', () => {
    const { subjects } = registry(10);
    const times = [START_MS, START_MS, START_MS + 5, START_MS - 60_000, START_MS - 60_000];
    const epochs = times.map((nowMs, index) => subjects.of(frame(`s.${index}`), nowMs).epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(new Set(epochs).size).toBe(epochs.length);
    expect(epochs[0]).toBe(START_MS * 1000);
  });

  it('are forgotten at the bound when they are idle and nobody needs them, and come back in a later epoch', () => {
    const { subjects, log } = registry(3, new Set(['used']));
    const idle = subjects.of(frame('idle'), START_MS);
    idle.sequence = 9;
    subjects.of(frame('used'), START_MS);
    subjects.of(frame('busy'), START_MS + IDLE_MS - 1);
    const nowMs = START_MS + IDLE_MS;
    subjects.of(frame('new'), nowMs);
    expect(log).toEqual(['+idle', '+used', '+busy', '-idle', '+new']);
    expect(selected(subjects, '>')).toEqual(['busy', 'new', 'used']);
    const later = nowMs + 2 * IDLE_MS;
    const back = subjects.of(frame('idle'), later);
    expect(back.sequence).toBe(0);
    expect(back.epoch).toBeGreaterThan(idle.epoch);
  });

  it('stay as long as there is room, however idle they are', () => {
    const { subjects } = registry(3);
    const first = subjects.of(frame('a'), START_MS);
    subjects.of(frame('b'), START_MS + 100 * IDLE_MS);
    expect(subjects.of(frame('a'), START_MS + 200 * IDLE_MS)).toBe(first);
  });

  it('are refused beyond the bound when none may be forgotten, and those that are there go on', () => {
    const { subjects } = registry(2, new Set(['a', 'b']));
    const a = subjects.of(frame('a'), START_MS);
    subjects.of(frame('b'), START_MS);
    const later = START_MS + 10 * IDLE_MS;
    expect(() => subjects.of(frame('c'), later)).toThrowError(
      expect.objectContaining({
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringMatching(/maxSubjects = 2.*subject c.*raise maxSubjects/) as string,
      }),
    );
    expect(subjects.of(frame('a'), later)).toBe(a);
    expect(selected(subjects, '>')).toEqual(['a', 'b']);
  });

  it.each(['a..b', 'a b', '', 'a.*', '>', 'x'.repeat(256)])('do not include %j', (text) => {
    const { subjects } = registry(10);
    expect(() => subjects.of(frame(text), START_MS)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(subjects.size).toBe(0);
  });
});
