import type { ControlOf } from '../../codec/control-message.js';
import { Verdict } from '../../codec/generated/modwire/control/verdict.js';
import type { OffsetRange } from '../../codec/stream-message.js';
import { ModwireError } from '../../errors.js';
import { CONSUMER_LIMITS } from '../../routing/consumers/consumer-limits.js';
import type { ConsumerMember } from '../../routing/consumers/consumer-members.js';
import type { ConsumerState } from '../../routing/consumers/consumer-state.js';
import type { Session } from '../session.js';
import type { GatheredRecords } from './handouts.js';
import type { Taker, TakerRequest } from './taker.js';

/** What a member needs of its consumer. */
export interface MemberHost {
  readonly state: ConsumerState;
  readonly hasRoom: (session: Session) => boolean;
  readonly nowMs: () => number;
  /** Something has happened that lets the consumer go on. */
  readonly wake: () => void;
  /** It is no member any more. */
  readonly left: (taker: StreamMember) => void;
}

/** A member of a durable consumer: one consumer number of one session. */
export class StreamMember implements Taker {
  readonly session: Session;
  readonly number: number;
  readonly about: string;
  readonly member: ConsumerMember;
  handout: GatheredRecords | undefined;
  readonly #host: MemberHost;
  readonly #done: (taker: Taker) => void;
  #isLeaving = false;

  constructor({ session, message, done }: TakerRequest, host: MemberHost) {
    const { state } = host;
    this.session = session;
    this.number = message.consumer;
    this.member = state.join(session.name, message.capacity, message.windowBytes);
    this.about = JSON.stringify({ config: state.config, position: state.info.position });
    this.#host = host;
    this.#done = done;
    this.look();
  }

  /** Whether it gets no more records. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Looks whether it may be sent records at this moment. */
  look(): void {
    this.member.ready = !this.#isLeaving && this.#host.hasRoom(this.session);
  }

  settle({ verdict, offsets, delayMs, reason }: ControlOf<'settle'>): void {
    const { state, nowMs, wake } = this.#host;
    checkRanges(offsets);
    const now = nowMs();
    const why = reason === '' ? undefined : reason;
    const refusal = {
      ...{ reason: why, delayMs: delayMs === 0 ? undefined : Math.min(delayMs, CONSUMER_LIMITS.maxDelayMs) },
    };
    const act = actOf(verdict, {
      ack: (offset) => state.ack(offset),
      nak: (offset) => state.nak(this.member, offset, now, refusal),
      term: (offset) => state.term(offset, why ?? 'terminated'),
      working: (offset) => state.working(this.member, offset, now),
    });
    for (const { first, last } of offsets) for (let offset = first; offset <= last; offset++) act(offset);
    wake();
  }

  leave(): void {
    this.#isLeaving = true;
    this.look();
    this.retire();
    this.#host.wake();
  }

  gone(): void {
    this.#quit();
    this.#host.wake();
  }

  goOn(): void {
    this.#host.wake();
  }

  /** Its consumer ends. */
  end(): void {
    this.#quit();
  }

  /** One that takes no more records is no member any more once it has none. */
  retire(): void {
    if (this.#isLeaving && this.member.outstanding === 0) this.#quit();
  }

  #quit(): void {
    const { state, nowMs, left } = this.#host;
    state.leave(this.member, nowMs());
    left(this);
    this.#done(this);
  }
}

type Act = (offset: number) => unknown;

function actOf(
  verdict: number,
  { ack, nak, term, working }: Record<'ack' | 'nak' | 'term' | 'working', Act>,
): Act {
  if (verdict === Verdict.ack) return ack;
  if (verdict === Verdict.nak) return nak;
  if (verdict === Verdict.term) return term;
  if (verdict === Verdict.working) return working;
  throw new ModwireError('UNIMPLEMENTED', {
    what: 'not a known verdict',
    expected: 'ack (0), nak (1), term (2) or working (3)',
    got: String(verdict),
    advice: 'use a broker of a later version',
  });
}

/** Nobody has more records than may be under way, or any beyond what can be counted. */
function checkRanges(offsets: readonly OffsetRange[]): void {
  const most = CONSUMER_LIMITS.maxMaxAckPending;
  let count = 0;
  let highest = 0;
  for (const { first, last } of offsets) {
    count += Math.max(0, last - first + 1);
    highest = Math.max(highest, first, last);
  }
  if (count <= most && highest <= Number.MAX_SAFE_INTEGER) return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not records that can be settled at once',
    expected: `at most ${most} offsets that there can be`,
    got: `${count} up to ${highest}`,
  });
}
