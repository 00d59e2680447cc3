import type { Session, Subscription } from './session.js';
import type { Subscriptions } from './subscriptions.js';

/** A consumer that is connected and cannot read a version. */
export interface UnreadableConsumer {
  readonly session: number;
  /** As the client calls itself. */
  readonly client: string;
  readonly subscription: number;
  readonly filter: string;
  /** Ids of the schemas that it reads, in hex. */
  readonly reads: readonly string[];
}

/** Who is connected, for those who change contracts. */
export class LiveConsumers {
  readonly #subscriptions: Subscriptions;

  constructor(subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions;
  }

  /**
   * Consumers of subjects that the patterns select and that say what they read, of which no reader can read it.
   * `canRead` answers for a reader's schema id in hex.
   */
  unableToRead(patterns: readonly string[], canRead: (reader: string) => boolean): UnreadableConsumer[] {
    const unable: UnreadableConsumer[] = [];
    this.#subscriptions.visitOverlapping(patterns, ({ session, number, filter, reads }) => {
      if (reads.length === 0 || reads.some(canRead)) return;
      unable.push({ session: session.memberId, client: session.name, subscription: number, filter, reads });
    });
    return unable;
  }
}

/** How a session's subscriptions to a subject take frames of a schema. */
export interface SessionReading {
  /** Whether some read them. */
  readonly able: boolean;
  /** Those that do not. */
  readonly unable: readonly Subscription[];
}

/** Which of a session's subscriptions to a subject read frames of a schema, of those that get everything. */
export function readingOf(
  session: Session,
  selects: (filter: string) => boolean,
  canRead: (reader: string) => boolean,
): SessionReading {
  let able = false;
  const unable: Subscription[] = [];
  for (const subscription of session.subscriptions.values()) {
    const { filter, reads, member } = subscription;
    if (member !== undefined || !selects(filter)) continue;
    if (reads.length === 0 || reads.some(canRead)) able = true;
    else unable.push(subscription);
  }
  return { able, unable };
}
