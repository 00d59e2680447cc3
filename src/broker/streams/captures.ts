import { filtersOverlap } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import type { CountStart } from '../../routing/subject-registry.js';
import { TokenTrie } from '../../routing/token-trie.js';
import type { StreamConfig } from '../../streams/stream-config.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { BrokerSubject } from '../session.js';
import type { Capture, Entrant } from './capture.js';

/** Which stream captures what: of a subject at most one. */
export class Captures {
  readonly #byName = new Map<string, Capture>();
  readonly #filters = new TokenTrie<Capture>();

  /** How many streams there are. */
  get size(): number {
    return this.#byName.size;
  }

  all(): Iterable<Capture> {
    return this.#byName.values();
  }

  find(stream: string): Capture | undefined {
    return this.#byName.get(stream);
  }

  /** Throws NOT_FOUND. */
  of(stream: string): Capture {
    const capture = this.#byName.get(stream);
    if (capture !== undefined) return capture;
    throw new ModwireError('NOT_FOUND', {
      what: 'no such stream',
      expected: 'the name of a stream of this broker',
      got: stream,
      advice: 'modwire streams ls lists them',
    });
  }

  /** The stream that captures the messages of a subject. */
  nameFor(subject: string): string | undefined {
    return this.#for(subject, 'message')?.log.config.name;
  }

  /** The stream that records requests, or what comes back, of a subject. */
  recorderOf(subject: string, kind: 'request' | 'reply'): Capture | undefined {
    return this.#for(subject, kind);
  }

  /** The log of a captured subject. */
  logOf({ gate }: BrokerSubject): StreamLog<Entrant> | undefined {
    return gate?.stream === undefined ? undefined : this.#byName.get(gate.stream)?.log;
  }

  /** How far a subject had come, where its stream can be sure of that. */
  countOf(subject: string): CountStart | undefined {
    const log = this.#for(subject, 'message')?.log;
    return log?.continuous ? log.positionOf(subject) : undefined;
  }

  /** Calls `visit` with the captured subjects that a filter selects, and that have records or had some. */
  visitSubjects(filter: string, visit: (subject: string) => void): void {
    for (const { log } of this.#byName.values()) {
      if (!log.continuous || !log.config.kinds.includes('message')) continue;
      if (log.config.filters.some((own) => filtersOverlap(own, filter))) {
        log.subjects(filter, (subject, { epoch }) => {
          if (epoch > 0) visit(subject);
          return true;
        });
      }
    }
  }

  /** Throws ALREADY_EXISTS for a stream whose name is taken, or that would share subjects with another. */
  check({ name, filters }: StreamConfig): void {
    if (this.#byName.has(name)) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'a stream of this name is there',
        ...{ expected: 'another name', got: name, where: 'name' },
        advice: 'remove it first, or change its retention',
      });
    }
    for (const { log } of this.#byName.values()) {
      filters.forEach((filter, index) => {
        const other = log.config.filters.find((own) => filtersOverlap(own, filter));
        if (other === undefined) return;
        throw new ModwireError('ALREADY_EXISTS', {
          what: 'another stream captures some of these subjects [filters-overlap]',
          expected: 'subjects of its own: each has at most one stream',
          got: `${filter}, while ${log.config.name} has ${other}`,
          where: `filters[${index}]`,
        });
      });
    }
  }

  add(capture: Capture): void {
    const { name, filters } = capture.log.config;
    this.#byName.set(name, capture);
    for (const filter of filters) this.#filters.add(filter, capture);
  }

  remove(capture: Capture): void {
    const { name, filters } = capture.log.config;
    this.#byName.delete(name);
    for (const filter of filters) this.#filters.delete(filter, capture);
  }

  #for(subject: string, kind: 'message' | 'request' | 'reply'): Capture | undefined {
    if (this.#byName.size === 0) return undefined;
    let found: Capture | undefined;
    this.#filters.selecting(subject, (capture) => {
      if (capture.log.config.kinds.includes(kind)) found = capture;
    });
    return found;
  }
}
