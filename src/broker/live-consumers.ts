import { filtersOverlap } from '../codec/subject.js';
import type { Binding } from '../registry/contract-records.js';
import type { WorkerGroup } from './calls/worker-group.js';
import type { Subscriptions } from './subscriptions.js';

/** A consumer or a worker that is connected and cannot read a version. */
export interface UnreadableConsumer {
  readonly session: number;
  /** As the client calls itself. */
  readonly client: string;
  /** Of a consumer. */
  readonly subscription?: number;
  /** Of a worker. */
  readonly service?: number;
  readonly filter: string;
  /** Ids of the schemas that it reads, in hex. */
  readonly reads: readonly string[];
}

/** Who is connected, for those who change contracts. */
export class LiveConsumers {
  readonly #subscriptions: Subscriptions;
  readonly #groups: () => Iterable<WorkerGroup>;

  constructor(subscriptions: Subscriptions, groups: () => Iterable<WorkerGroup>) {
    this.#subscriptions = subscriptions;
    this.#groups = groups;
  }

  /**
   * Consumers of subjects that are bound, and workers that serve such whose requests are, that say what they read, of which
   * no reader can read it. `canRead` answers for a reader's schema id in hex.
   */
  unableToRead(
    bindings: readonly Pick<Binding, 'pattern' | 'use'>[],
    canRead: (reader: string) => boolean,
  ): UnreadableConsumer[] {
    const patterns = bindings.map(({ pattern }) => pattern);
    const requests = bindings.filter(({ use }) => use === 'request').map(({ pattern }) => pattern);
    const unable: UnreadableConsumer[] = [];
    this.#subscriptions.visitOverlapping(patterns, ({ session, number, filter, reads }) => {
      if (reads.length === 0 || reads.some(canRead)) return;
      unable.push({ session: session.memberId, client: session.name, subscription: number, filter, reads });
    });
    for (const { filter, workers } of this.#groups()) {
      if (!requests.some((pattern) => filtersOverlap(pattern, filter))) continue;
      for (const { session, service, reads } of workers) {
        if (reads.length === 0 || reads.some(canRead)) continue;
        unable.push({ session: session.memberId, client: session.name, service, filter, reads });
      }
    }
    return unable;
  }
}
