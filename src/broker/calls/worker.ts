import type { Standing } from '../../routing/calls/outlier-ejection.js';
import type { NamedCandidate } from '../../routing/calls/sticky-keys.js';
import type { Session } from '../session.js';

/** What a worker tells its group. */
interface CountingGroup {
  replied: number;
  failed: number;
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
  readonly group: G;
  concurrency: number;
  /** Its own word. */
  able = true;
  /** It takes no more requests, for good. */
  leaving = false;
  /** Requests that it has not ended, also those whose callers are gone. */
  readonly calls = new Set<Call>();
  standing!: Standing<Worker<Call, G>>;

  /** Since the start: requests that it ended with a reply, and with an error. */
  replied = 0;
  failed = 0;

  constructor(
    session: Session,
    service: number,
    name: string,
    version: string,
    group: G,
    concurrency: number,
  ) {
    this.session = session;
    this.service = service;
    this.name = name;
    this.version = version;
    this.group = group;
    this.concurrency = concurrency;
  }

  countReply(): void {
    this.replied++;
    this.group.replied++;
  }

  countError(): void {
    this.failed++;
    this.group.failed++;
  }

  get outstanding(): number {
    return this.calls.size;
  }

  get ready(): boolean {
    return this.able && !this.leaving && !this.session.deaf && !this.standing.isEjected;
  }
}
