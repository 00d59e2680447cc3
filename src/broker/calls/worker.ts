import type { Standing } from '../../routing/calls/outlier-ejection.js';
import type { NamedCandidate } from '../../routing/calls/sticky-keys.js';
import type { Session } from '../session.js';
import type { Call } from './call.js';
import type { WorkerGroup } from './worker-group.js';

/** One service of one session: it takes requests of its group. */
export class Worker implements NamedCandidate {
  readonly session: Session;
  /** The client's number for it. */
  readonly service: number;
  /** Unique in its group, and the same when its client comes back. */
  readonly name: string;
  /** SemVer; empty when it has none. */
  readonly version: string;
  readonly group: WorkerGroup;
  concurrency: number;
  /** Its own word. */
  able = true;
  /** It takes no more requests, for good. */
  leaving = false;
  /** Requests that it has not ended, also those whose callers are gone. */
  readonly calls = new Set<Call>();
  standing!: Standing<Worker>;

  /** Since the start: requests that it ended with a reply, and with an error. */
  replied = 0;
  failed = 0;

  constructor(
    session: Session,
    service: number,
    name: string,
    version: string,
    group: WorkerGroup,
    concurrency: number,
  ) {
    this.session = session;
    this.service = service;
    this.name = name;
    this.version = version;
    this.group = group;
    this.concurrency = concurrency;
  }

  get outstanding(): number {
    return this.calls.size;
  }

  get ready(): boolean {
    return this.able && !this.leaving && !this.standing.isEjected;
  }
}
