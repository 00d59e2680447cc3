import type { ControlOf } from '../../codec/control-message.js';
import type { ModwireError } from '../../errors.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { Session } from '../session.js';
import type { Handouts, Recipient } from './handouts.js';
import type { Turns } from './turns.js';

/** Who takes records of a stream over a session: a reader, or a member of a durable consumer. */
export interface Taker extends Recipient {
  /** What it is and where it begins, as JSON. */
  readonly about: string;
  /** Says what has become of records. Throws INVALID_ARGUMENT, UNIMPLEMENTED. */
  settle(message: ControlOf<'settle'>): void;
  /** It gets no more records. What it has may still be settled. */
  leave(): void;
  /** Its connection is gone. */
  gone(): void;
  /** Its connection may have room again. */
  goOn(): void;
}

/** Who asks to take records. */
export interface TakerRequest {
  readonly session: Session;
  readonly message: ControlOf<'consume'>;
  /** Told when the number may be forgotten. */
  readonly done: (taker: Taker) => void;
}

/** What those who are sent records have in common. */
export interface TakingParts {
  readonly handouts: Handouts;
  readonly turns: Turns;
  /** Whether a session may be sent records at this moment. */
  readonly hasRoom: (session: Session) => boolean;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
}

/** Tells of records that will not come. */
export function tellLost(
  { session, number: consumer }: Recipient,
  first: number,
  last: number,
  { row, message }: ModwireError,
): void {
  if (!session.closed) session.send({ type: 'lost', consumer, first, last, code: row.number, message });
}

/** Says that nothing more comes: without an error because it is the end. */
export function tellFinished({ session, number: consumer }: Recipient, error?: ModwireError): void {
  if (session.closed) return;
  session.send({ type: 'finished', consumer, code: error?.row.number ?? 0, message: error?.message ?? '' });
}

/** Whether what lies before a stream's first record is lost to those who come for it: not where records only give way to later ones. */
export function losesRecords({ config }: StreamLog<unknown>): boolean {
  return config.retention.maxPerSubject === 0;
}
