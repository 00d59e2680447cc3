import type { FrameView } from '../codec/frame-view.js';
import { fromHex } from '../codec/message-id.js';
import { BySchemaId } from '../codec/schema-ids.js';
import { emit } from '../events.js';
import type { FanOut } from './fan-out.js';
import type { Memberships } from './memberships.js';
import type { ReadingNotices } from './reading-notices.js';
import type { BrokerAudience, BrokerGate, BrokerSubject, Session } from './session.js';
import type { SessionReading } from './session-reading.js';
import type { NarrowedAudience, SplitReader } from './subject-gate.js';

export interface NarrowDeliveryParts {
  readonly fanOut: FanOut;
  readonly memberships: Memberships;
  readonly notices: ReadingNotices;
  /** How a consumer of a subject reads frames of a schema, by its id in hex. */
  readonly readingOf: (session: Session, subject: BrokerSubject, schemaId: string) => SessionReading;
}

/** Schemas of one subject whose audience is kept. When there are more, all are found anew. */
const MAX_SCHEMAS = 64;

/**
 * Keeps frames from consumers that cannot read their schema. Everyone else gets them; who does not is told which ones,
 * in their place in the order, so that it is no loss. Who gets them for some of its subscriptions is told for which not.
 */
export class NarrowDelivery {
  readonly #parts: NarrowDeliveryParts;
  /** Subjects with kept audiences. */
  readonly #kept = new Set<BrokerSubject>();
  readonly #untold = new Set<BrokerSubject>();
  /** Deliveries not made, since the start. */
  withheldCount = 0;

  constructor(parts: NarrowDeliveryParts) {
    this.#parts = parts;
  }

  /** Whom a frame reaches; the frame is stamped. What was gathered for others on its subject has left then. */
  audienceOf(subject: BrokerSubject, gate: BrokerGate, frame: FrameView): BrokerAudience {
    gate.audiences ??= new BySchemaId((schemaId) => this.#narrowed(subject, gate, schemaId));
    const narrowed = gate.audiences.of(frame);
    const { audience = subject.state, excluded, splits } = narrowed;
    if (gate.lastAudience !== audience) {
      if (gate.lastAudience !== undefined) this.#parts.fanOut.flushAudience(gate.lastAudience);
      gate.lastAudience = audience;
    }
    const { withholding } = gate;
    const { sequence } = frame;
    if (withholding?.narrowed === narrowed && withholding.last === sequence - 1) withholding.last++;
    else {
      if (withholding !== undefined) this.#tell(subject, gate);
      if (excluded.length > 0) {
        gate.withholding = { narrowed, first: sequence, last: sequence };
        this.#untold.add(subject);
        this.#parts.fanOut.schedule();
      }
    }
    this.withheldCount += excluded.length;
    if (splits.length > 0) this.#parts.notices.tell(splits, narrowed.schemaId, narrowed.hexId);
    return audience;
  }

  /** Tells everyone what was kept from them in this turn. */
  tellAll(): void {
    for (const subject of this.#untold) this.#tell(subject, subject.gate!);
  }

  /** Forgets whom frames of a subject reach: its consumers, or what they read, have changed. */
  widen(subject: BrokerSubject, gate: BrokerGate): void {
    this.#parts.fanOut.flush();
    if (gate.withholding !== undefined) this.#tell(subject, gate);
    gate.audiences = undefined;
    gate.lastAudience = undefined;
    for (const { audience } of gate.narrowed.values()) {
      if (audience !== undefined) this.#parts.memberships.release(audience);
    }
    gate.narrowed.clear();
    this.#kept.delete(subject);
  }

  /** The same for all subjects: other schemas can be read now. */
  widenAll(): void {
    for (const subject of this.#kept) this.widen(subject, subject.gate!);
    this.#parts.notices.takeBackAll();
  }

  /** Forgets a session that is gone. */
  forget(session: Session): void {
    this.#parts.notices.forget(session);
  }

  #narrowed(subject: BrokerSubject, gate: BrokerGate, schemaId: string): NarrowedAudience<Session> {
    let narrowed = gate.narrowed.get(schemaId);
    if (narrowed !== undefined) return narrowed;
    if (gate.narrowed.size >= MAX_SCHEMAS) this.#startAnew(subject, gate);
    const { memberships, readingOf } = this.#parts;
    const excluded: Session[] = [];
    const splits: SplitReader<Session>[] = [];
    for (const session of subject.state.members.values()) {
      const { able, unable } = readingOf(session, subject, schemaId);
      if (!able) excluded.push(session);
      else if (unable.length > 0) splits.push({ session, unable, told: undefined });
    }
    const audience = excluded.length === 0 ? undefined : memberships.hold(subject.state, excluded);
    narrowed = { schemaId: fromHex(schemaId), hexId: schemaId, audience, excluded, splits };
    gate.narrowed.set(schemaId, narrowed);
    this.#kept.add(subject);
    return narrowed;
  }

  #startAnew(subject: BrokerSubject, gate: BrokerGate): void {
    const { audiences } = gate;
    this.widen(subject, gate);
    // It is in use by the frame that asks.
    gate.audiences = audiences;
  }

  #tell(subject: BrokerSubject, gate: BrokerGate): void {
    const { narrowed, first, last } = gate.withholding!;
    gate.withholding = undefined;
    this.#untold.delete(subject);
    const { text, epoch } = subject;
    const { schemaId, excluded } = narrowed;
    for (const session of excluded) {
      // A slow one is told of everything that it missed once it has caught up.
      if (session.closed || session.slow !== undefined) continue;
      session.send({ type: 'withheld', subject: text, epoch, first, last, schemaId });
    }
    emit('modwire:withheld', () => ({
      ...{ subject: text, epoch, first, last },
      sessions: excluded.map(({ memberId }) => memberId),
    }));
  }
}
