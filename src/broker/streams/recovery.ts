import type { MissedRange } from '../../codec/control-message.js';
import { DamagedRecords } from '../../streams/damaged-records.js';
import type { SubjectBlock } from '../../streams/subject-reader.js';
import type { CountPosition } from '../detours.js';
import type { FanOut } from '../fan-out.js';
import type { Memberships } from '../memberships.js';
import type { BrokerSubject, Session } from '../session.js';
import { isBehind } from '../subject-position.js';
import type { Captures } from './captures.js';
import type { HistoryReading } from './history-reading.js';

export interface RecoveryParts {
  readonly captures: Captures;
  readonly fanOut: Pick<FanOut, 'flush'>;
  readonly memberships: Pick<Memberships, 'join'>;
  /** Hands records to a session as it reads them. */
  readonly reading: HistoryReading;
  /** Whether a session has taken enough of what it was sent to be sent more. */
  readonly hasRoom: (session: Session) => boolean;
}

/** How far each subject that a session catches up with has been sent. */
type Places = Map<BrokerSubject, CountPosition>;

/** Blocks read for one session before others have their turn. */
const BLOCKS_A_TURN = 16;

/**
 * Brings sessions up to the present: what they missed of captured subjects comes from the streams, as fast as they take it.
 * Meanwhile they are no members of these subjects' audiences. They become members in the turn in which nothing is left
 * to be read, so that there is neither a hole nor a double.
 */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #sessions = new Map<Session, Places>();
  #scheduled = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  has(session: Session, subject: BrokerSubject): boolean {
    return this.#sessions.get(session)?.has(subject) ?? false;
  }

  /**
   * Begins with a subject behind a place in its count. Returns what lies behind that and cannot be had any more; undefined when no
   * stream has the subject, or nothing behind the place has been delivered.
   */
  begin(session: Session, subject: BrokerSubject, from: CountPosition): readonly MissedRange[] | undefined {
    const log = this.#parts.captures.logOf(subject);
    if (log === undefined || !isBehind(from, subject)) return undefined;
    const missing = log.missing(subject.text, from.epoch, from.sequence);
    let place = from;
    for (const { epoch, last } of missing) if (last > 0) place = { epoch, sequence: last };
    let places = this.#sessions.get(session);
    if (places === undefined) {
      places = new Map();
      this.#sessions.set(session, places);
    }
    places.set(subject, place);
    subject.gate!.recovering++;
    this.#schedule();
    return missing.map((range) => ({ subject: subject.text, ...range }));
  }

  /** A session does without these. */
  leave(session: Session, subjects: Iterable<BrokerSubject>): void {
    for (const subject of subjects) this.#end(session, subject);
  }

  forget(session: Session): void {
    this.leave(session, [...(this.#sessions.get(session)?.keys() ?? [])]);
  }

  /** A session may have room again. */
  goOn(session: Session): void {
    if (this.#sessions.has(session)) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      let more = false;
      for (const [session, places] of this.#sessions) more = this.#advance(session, places) || more;
      if (more) this.#schedule();
    });
  }

  /** Sends what a session has room for. True when it has room for more. */
  #advance(session: Session, places: Places): boolean {
    if (session.closed || session.deaf || session.slow !== undefined) return false;
    const { hasRoom, fanOut, memberships } = this.#parts;
    const present: BrokerSubject[] = [];
    let blocks = 0;
    for (const [subject, place] of places) {
      let at: CountPosition | undefined = place;
      while (at !== undefined && blocks++ < BLOCKS_A_TURN && hasRoom(session)) {
        at = this.#send(session, subject, at);
        if (at !== undefined) places.set(subject, at);
      }
      if (at !== undefined) break;
      present.push(subject);
    }
    if (present.length > 0) {
      // What is gathered has been read as well.
      fanOut.flush();
      this.leave(session, present);
      memberships.join(present, session);
    }
    return places.size > 0 && hasRoom(session);
  }

  /** Sends the records behind a place that one block has. Returns how far that is; undefined when there are none. */
  #send(session: Session, subject: BrokerSubject, from: CountPosition): CountPosition | undefined {
    // Gone with its stream: the rest of it shows as a jump in the count.
    const log = this.#parts.captures.logOf(subject);
    let block: SubjectBlock | undefined;
    try {
      block = log?.readSubject(subject.text, from.epoch, from.sequence);
    } catch (thrown) {
      if (!(thrown instanceof DamagedRecords)) throw thrown;
      const { epoch, sequence } = thrown.extent;
      const first = epoch === from.epoch ? from.sequence + 1 : 1;
      session.send({
        type: 'gap',
        missed: [{ subject: subject.text, epoch: epoch!, first, last: sequence! }],
      });
      return { epoch: epoch!, sequence: sequence! };
    }
    if (block === undefined) return undefined;
    this.#parts.reading.send(session, subject, block);
    return block.positions.at(-1)!;
  }

  #end(session: Session, subject: BrokerSubject): void {
    const places = this.#sessions.get(session);
    if (places === undefined || !places.delete(subject)) return;
    subject.gate!.recovering--;
    if (places.size === 0) this.#sessions.delete(session);
  }
}
