import { ID_BYTES } from '../codec/frame-layout.js';
import type { FanOut } from './fan-out.js';
import type { Session } from './session.js';
import type { NumberedSubscription, SplitReader } from './subject-gate.js';

/** Pairs of subscription and schema that one session is told of; before there are more, all of it is taken back. */
const MAX_TOLD = 1024;

const NO_ID = new Uint8Array(ID_BYTES);

/** What one session was told. */
class Told {
  /** Until it is taken back. */
  inForce = true;
  /** Pairs. */
  count = 0;
  /** Ids of schemas in hex. */
  readonly #schemas = new Map<NumberedSubscription, Set<string>>();

  has(subscription: NumberedSubscription, schemaId: string): boolean {
    return this.#schemas.get(subscription)?.has(schemaId) ?? false;
  }

  add(subscription: NumberedSubscription, schemaId: string): void {
    let schemas = this.#schemas.get(subscription);
    if (schemas === undefined) {
      schemas = new Set();
      this.#schemas.set(subscription, schemas);
    }
    schemas.add(schemaId);
    this.count++;
  }
}

/**
 * Tells sessions which of their subscriptions cannot read frames that others of them get: before the first such frame,
 * and once for each schema, since what a subscription reads does not depend on the subject.
 */
export class ReadingNotices {
  readonly #fanOut: Pick<FanOut, 'flush'>;
  readonly #told = new Map<Session, Told>();

  constructor(fanOut: Pick<FanOut, 'flush'>) {
    this.#fanOut = fanOut;
  }

  /** Before a frame of a schema, given by its id in bytes and in hex, leaves for these. */
  tell(splits: readonly SplitReader<Session>[], schemaId: Uint8Array, hex: string): void {
    for (const split of splits) {
      if (split.told?.inForce) continue;
      // Frames pass a slow one by: it is told once they do no more.
      if (split.session.closed || split.session.slow !== undefined) continue;
      this.#tellOne(split, schemaId, hex);
    }
  }

  /** Takes everything back: other schemas can be read now. */
  takeBackAll(): void {
    if (this.#told.size === 0) return;
    this.#fanOut.flush();
    for (const [session, told] of this.#told) {
      told.inForce = false;
      session.send({ type: 'unreadable', anew: true, schemaId: NO_ID, subscriptions: [] });
    }
    this.#told.clear();
  }

  /** Forgets a session that is gone. */
  forget(session: Session): void {
    this.#told.delete(session);
  }

  #tellOne(split: SplitReader<Session>, schemaId: Uint8Array, hex: string): void {
    const { session, unable } = split;
    let told = this.#told.get(session) ?? this.#begin(session);
    let added = unable.filter((subscription) => !told.has(subscription, hex));
    const anew = told.count > 0 && told.count + added.length > MAX_TOLD;
    if (anew) {
      // What is gathered goes by the old word.
      this.#fanOut.flush();
      told.inForce = false;
      told = this.#begin(session);
      added = [...unable];
    }
    split.told = told;
    if (added.length === 0) return;
    for (const subscription of added) told.add(subscription, hex);
    const subscriptions = added.map(({ number }) => number);
    session.send({ type: 'unreadable', anew, schemaId, subscriptions });
  }

  #begin(session: Session): Told {
    const told = new Told();
    this.#told.set(session, told);
    return told;
  }
}
