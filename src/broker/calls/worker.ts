import type { Standing } from '../../routing/calls/outlier-ejection.js';
import type { NamedCandidate } from '../../routing/calls/sticky-keys.js';
import type { Session } from '../session.js';
import type { ServiceFigures } from './service-figures.js';

/** What a worker tells its group. */
interface CountingGroup {
  readonly figures: ServiceFigures;
}

/** One service of one session: it takes requests of its group. */
export class Worker<Call, G extends CountingGroup> implements NamedCandidate {
  readonly session: Session;
  /** The client's number for it. */
  readonly service: number;
  /** Unique in its group, and the same when its client comes back. */
  readonly name: string;
  /** SemVer; empty when it has none. */
  readonly version: string;
  /** Ids of the schemas that it reads, in hex; empty when it takes whatever comes. */
  readonly reads: readonly string[];
  readonly group: G;
  concurrency: number;
  /** Its own word. */
  able = true;
  /** It takes no more requests, for good. */
  leaving = false;
  /** Requests that it has not ended, also those whose callers are gone. */
  readonly calls = new Set<Call>();
  standing!: Standing<Worker<Call, G>>;
  /** Of all workers of its version in its group. */
  figures!: ServiceFigures;

  /** Since the start: requests that it ended with a reply, and with an error. */
  replied = 0;
  failed = 0;

  constructor(
    session: Session,
    service: number,
    name: string,
    version: string,
    reads: readonly string[],
    group: G,
    concurrency: number,
  ) {
    this.session = session;
    this.service = service;
    this.name = name;
    this.version = version;
    this.reads = reads;
    this.group = group;
    this.concurrency = concurrency;
  }

  countReply(): void {
    this.replied++;
    this.figures.replied++;
    this.group.figures.replied++;
  }

  countError(): void {
    this.failed++;
    this.figures.failed++;
    this.group.figures.failed++;
  }

  /** It is handed a call. */
  countHanded(nowMs: number): void {
    this.figures.countHanded(nowMs);
    this.group.figures.countHanded(nowMs);
  }

  /** A call took so long from its admission to its reply. */
  observe(latencyMs: number, nowMs: number): void {
    this.figures.observe(latencyMs, nowMs);
    this.group.figures.observe(latencyMs, nowMs);
  }

  get outstanding(): number {
    return this.calls.size;
  }

  get ready(): boolean {
    return this.able && !this.leaving && !this.session.deaf && !this.standing.isEjected;
  }
}
