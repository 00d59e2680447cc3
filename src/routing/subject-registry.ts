import type { FrameView } from '../codec/frame-view.js';
import { checkSubject } from '../codec/subject.js';
import { SubjectTable } from '../codec/subject-table.js';
import { ModwireError } from '../errors.js';
import { TokenTrie } from './token-trie.js';

/** Where a count begins or goes on. */
export interface CountStart {
  readonly epoch: number;
  readonly sequence: number;
}

/** A subject that has had frames: its count, and what its user hangs on it. */
export class Subject<State, Gate = never> {
  readonly text: string;
  /** Names the count; later epochs of the same subject are larger. Microseconds since the Unix epoch. */
  epoch: number;
  /** Of the latest frame; 0 before the first. */
  sequence: number;
  /** Milliseconds, on the clock that the registry's user passes in. */
  usedAt: number;
  state: State;
  /** What its frames have to pass; undefined when there is nothing, as for most. */
  gate: Gate | undefined = undefined;

  constructor(text: string, count: CountStart, usedAt: number, state: State) {
    this.text = text;
    this.epoch = count.epoch;
    this.sequence = count.sequence;
    this.usedAt = usedAt;
    this.state = state;
  }

  /** Its count goes on from another place: where it was elsewhere, or before what came to nothing. */
  moveTo({ epoch, sequence }: CountStart): void {
    this.epoch = epoch;
    this.sequence = sequence;
  }
}

export interface SubjectRegistryOptions<State, Gate> {
  /** Most subjects at once. */
  readonly maxSubjects: number;
  /** A subject unused for this long may be forgotten at the bound. Milliseconds. */
  readonly idleMs: number;
  /** How far a subject had come whose count somebody has kept; without it a new count begins. */
  readonly keptCount: (text: string) => CountStart | undefined;
  /** State of a subject that appears. */
  readonly create: (text: string) => State;
  /** Told when a subject has appeared. */
  readonly created: (subject: Subject<State, Gate>) => void;
  /** Whether an idle subject may go. */
  readonly mayForget: (subject: Subject<State, Gate>) => boolean;
  /** Told when a subject goes. */
  readonly forget: (subject: Subject<State, Gate>) => void;
}

/** Idle subjects are looked for at most this often. Milliseconds. */
const SWEEP_INTERVAL_MS = 1_000;

/**
 * The subjects of a broker, each with its count. They appear with their first frame.
 */
export class SubjectRegistry<State, Gate = never> {
  readonly #options: SubjectRegistryOptions<State, Gate>;
  readonly #table = new SubjectTable<Subject<State, Gate>>();
  readonly #trie = new TokenTrie<Subject<State, Gate>>();
  #lastEpoch = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: SubjectRegistryOptions<State, Gate>) {
    this.#options = options;
  }

  get size(): number {
    return this.#trie.size;
  }

  /** The subject of a verified frame; `nowMs` is Unix time in milliseconds. Throws INVALID_ARGUMENT for a text that is no subject, RESOURCE_EXHAUSTED at the bound. */
  of(frame: FrameView, nowMs: number): Subject<State, Gate> {
    const subject = this.#table.find(frame) ?? this.#meet(frame, nowMs);
    subject.usedAt = nowMs;
    return subject;
  }

  /** Calls `visit` with every existing subject. */
  visitAll(visit: (subject: Subject<State, Gate>) => void): void {
    this.#trie.visitAll(visit);
  }

  /** Calls `visit` with every existing subject that `filter` selects. */
  selectedBy(filter: string, visit: (subject: Subject<State, Gate>) => void): void {
    this.#trie.selectedBy(filter, visit);
  }

  /** The subject of this name, which begins now unless it is there. Throws as `of` does. */
  named(text: string, nowMs: number): Subject<State, Gate> {
    const subject = this.#find(text) ?? this.#create(text, nowMs);
    subject.usedAt = nowMs;
    return subject;
  }

  /** A subject whose frames have not been seen before. */
  #meet(frame: FrameView, nowMs: number): Subject<State, Gate> {
    const text = frame.subject;
    const subject = this.#find(text) ?? this.#create(text, nowMs);
    this.#table.add(frame, subject);
    return subject;
  }

  #find(text: string): Subject<State, Gate> | undefined {
    let found: Subject<State, Gate> | undefined;
    this.#trie.selecting(text, (subject) => {
      if (subject.text === text) found = subject;
    });
    return found;
  }

  #create(text: string, nowMs: number): Subject<State, Gate> {
    checkSubject(text);
    if (this.size >= this.#options.maxSubjects) this.#sweep(nowMs);
    if (this.size >= this.#options.maxSubjects) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'no room for another subject',
        expected: `at most maxSubjects = ${this.#options.maxSubjects}`,
        got: 'one more',
        where: `subject ${text}`,
        advice: 'publish to fewer subjects or raise maxSubjects',
      });
    }
    const subject = new Subject<State, Gate>(
      text,
      this.#countOf(text, nowMs),
      nowMs,
      this.#options.create(text),
    );
    this.#trie.add(text, subject);
    this.#options.created(subject);
    return subject;
  }

  #countOf(text: string, nowMs: number): CountStart {
    const kept = this.#options.keptCount(text);
    if (kept !== undefined) return kept;
    this.#lastEpoch = Math.max(nowMs * 1000, this.#lastEpoch + 1);
    return { epoch: this.#lastEpoch, sequence: 0 };
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAt < SWEEP_INTERVAL_MS) return;
    this.#sweptAt = nowMs;
    const idle = new Set<Subject<State, Gate>>();
    this.#trie.visitAll((subject) => {
      if (nowMs - subject.usedAt >= this.#options.idleMs && this.#options.mayForget(subject))
        idle.add(subject);
    });
    if (idle.size === 0) return;
    this.#table.deleteWhere((subject) => idle.has(subject));
    for (const subject of idle) {
      this.#trie.delete(subject.text, subject);
      this.#options.forget(subject);
    }
  }
}
