import { randomInt } from 'node:crypto';
import { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import type { Memory } from '../../codec/memory.js';
import { ANY_TAIL, ANY_TOKEN, hasWildcard, isReserved, matchesFilter } from '../../codec/subject.js';
import { SubjectTable } from '../../codec/subject-table.js';

/** Subjects of which it is remembered whether they are selected; beyond it the memory starts anew. */
const MAX_REMEMBERED = 65_536;

/** Says which records of a stream a filter selects, without making text of subjects that it has seen. */
export class RecordFilter {
  readonly #filter: string;
  readonly #verifier = new FrameVerifier(randomInt(2 ** 31));
  readonly #frame = new FrameView();
  #known = new SubjectTable<boolean>();

  constructor(filter: string) {
    this.#filter = filter;
  }

  /** Undefined when a filter selects all that a stream with these filters has. `>` stands for all, also of reserved subjects. */
  static of(filter: string, captured: readonly string[]): RecordFilter | undefined {
    const takesAll = filter === ANY_TAIL || captured.every((one) => covers(filter, one));
    return takesAll ? undefined : new RecordFilter(filter);
  }

  /** Whether the frame from `start` to `end`, which was checked, is of a subject that is selected. */
  selects(memory: Memory, start: number, end: number): boolean {
    const frame = this.#frame;
    if (!this.#verifier.verify(memory, start, end, frame)) return false;
    let selected = this.#known.find(frame);
    if (selected === undefined) {
      selected = matchesFilter(this.#filter, frame.subject);
      if (this.#known.size >= MAX_REMEMBERED) this.#known = new SubjectTable();
      this.#known.add(frame, selected);
    }
    return selected;
  }
}

/** Whether a filter selects everything that another one does. */
export function covers(filter: string, other: string): boolean {
  const wanted = filter.split('.');
  const tokens = other.split('.');
  if (isReserved(other) && hasWildcard(wanted[0]!)) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === ANY_TAIL) return tokens.length > index;
    if (index >= tokens.length || tokens[index] === ANY_TAIL) return false;
    if (wanted[index] !== ANY_TOKEN && wanted[index] !== tokens[index]) return false;
  }
  return wanted.length === tokens.length;
}
