import type { ControlOf } from '../../codec/control-message.js';
import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Session } from '../session.js';
import type { Captures } from '../streams/captures.js';
import type { Consumers } from './consumers.js';
import { StreamReading } from './stream-reading.js';
import type { Taker, TakerRequest, TakingParts } from './taker.js';

export interface ConsumingParts extends TakingParts {
  readonly limits: Pick<Limits, 'maxSessionConsumers' | 'maxConcurrency'>;
  readonly captures: Captures;
  readonly consumers: Pick<Consumers, 'get'>;
  readonly draining: () => boolean;
}

/** What sessions take of streams, by the numbers that they have given. */
export class Consuming {
  readonly #parts: ConsumingParts;
  readonly #takers = new Map<Session, Map<number, Taker>>();

  constructor(parts: ConsumingParts) {
    this.#parts = parts;
  }

  /** Begins to send records. Throws INVALID_ARGUMENT, ALREADY_EXISTS, NOT_FOUND, RESOURCE_EXHAUSTED, UNAVAILABLE, DATA_LOSS. */
  consume(session: Session, message: ControlOf<'consume'>): void {
    const { consumer, stream, name } = message;
    const own = this.#takers.get(session) ?? new Map<number, Taker>();
    this.#check(message, own);
    const request: TakerRequest = { session, message, done: (taker) => this.#forget(taker) };
    const { captures, consumers } = this.#parts;
    const taker =
      name === ''
        ? new StreamReading(captures.of(stream).log, request, this.#parts)
        : consumers.get(stream, name).join(request);
    own.set(consumer, taker);
    this.#takers.set(session, own);
    session.send({ type: 'consuming', consumer, json: taker.about });
  }

  /** Ends that; a number that is not in use is one whose end has come already. */
  unconsume(session: Session, consumer: number): void {
    this.#takers.get(session)?.get(consumer)?.leave();
    session.send({ type: 'unconsumed', consumer });
  }

  /** Says what has become of records; of a consumer that has ended nobody wants to know. Throws INVALID_ARGUMENT, UNIMPLEMENTED. */
  settle(session: Session, message: ControlOf<'settle'>): void {
    this.#takers.get(session)?.get(message.consumer)?.settle(message);
  }

  /** A session may have room again. */
  goOn(session: Session): void {
    for (const taker of this.#takers.get(session)?.values() ?? []) taker.goOn();
  }

  /** A session is gone. */
  forget(session: Session): void {
    for (const taker of [...(this.#takers.get(session)?.values() ?? [])]) taker.gone();
  }

  #forget({ session, number }: Taker): void {
    const own = this.#takers.get(session);
    if (own?.delete(number) && own.size === 0) this.#takers.delete(session);
  }

  #check(
    { consumer, stream, capacity, windowBytes }: ControlOf<'consume'>,
    own: ReadonlyMap<number, Taker>,
  ): void {
    const { limits, draining } = this.#parts;
    const { maxSessionConsumers, maxConcurrency } = limits;
    if (draining()) {
      throw new ModwireError('UNAVAILABLE', {
        what: 'the broker stops',
        advice: 'consume again from another, or from this one when it is back',
      });
    }
    const refused = (what: string, expected: string, got: number) =>
      new ModwireError('INVALID_ARGUMENT', { what, expected, got: String(got), where: `stream ${stream}` });
    if (consumer === 0) throw refused('not a number of a consumer', 'a number from 1', consumer);
    if (capacity < 1 || capacity > maxConcurrency) {
      throw refused('capacity is not valid', `1 to maxConcurrency = ${maxConcurrency}`, capacity);
    }
    if (windowBytes < 1) throw refused('window is not valid', 'at least 1 byte', windowBytes);
    if (own.has(consumer)) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'number of a consumer in use',
        expected: 'one that this session does not use',
        ...{ got: String(consumer), where: `stream ${stream}` },
      });
    }
    if (own.size < maxSessionConsumers) return;
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'too many consumers',
      expected: `at most maxSessionConsumers = ${maxSessionConsumers} in one session`,
      ...{ got: 'one more', where: `stream ${stream}` },
    });
  }
}
