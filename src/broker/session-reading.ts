import type { Session, Subscription } from './session.js';

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
