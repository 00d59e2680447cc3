import { encodeControl } from '../../codec/control.js';
import type { FrameView } from '../../codec/frame-view.js';
import { fromHex } from '../../codec/message-id.js';
import { schemaIdOf } from '../../codec/schema-ids.js';
import { emit } from '../../events.js';
import type { Limits } from '../../limits.js';
import type { ConsumerPressure } from '../consumer-pressure.js';
import type { DirectDelivery } from '../direct-delivery.js';
import type { FanOut } from '../fan-out.js';
import type {
  BrokerAudience,
  BrokerGate,
  BrokerGroup,
  BrokerMember,
  BrokerSubject,
  Session,
} from '../session.js';
import type { Circle } from './sharing.js';

export interface GroupDeliveryParts {
  readonly limits: Limits;
  readonly direct: DirectDelivery;
  readonly pressure: ConsumerPressure;
  readonly fanOut: Pick<FanOut, 'schedule'>;
  /** A subject is found to have groups of nobody. */
  readonly deserted: (subject: BrokerSubject) => void;
}

/** Less than this is nothing that a member would have to be passed over for. Bytes. */
const LIGHT_BYTES = 16 * 1024;

/**
 * Hands each frame of a subject to one member of each of its groups: one that reads its schema, and rather one that keeps
 * up. What no member can take is told to one: as withheld when nobody reads it, as a gap when all who do are slow.
 */
export class GroupDelivery {
  readonly #parts: GroupDeliveryParts;
  readonly #withheld = new Set<BrokerGroup>();
  readonly #lost = new Set<BrokerGroup>();
  /** Deliveries not made because nobody of a group reads the frame's schema, since the start. */
  withheldCount = 0;

  constructor(parts: GroupDeliveryParts) {
    this.#parts = parts;
  }

  /** Takes a stamped frame of a subject that has groups. It is copied or sent before it returns. */
  hand(subject: BrokerSubject, { groups }: BrokerGate, frame: FrameView): void {
    let deserted = false;
    for (const group of groups) {
      if (group.sharers.size > 0) this.#handTo(group, frame);
      else deserted = true;
    }
    if (deserted) this.#parts.deserted(subject);
  }

  /** Goes through those for whom the publisher of a frame that was just handed over has to wait. */
  visitWaiting({ groups }: BrokerGate, visit: (sessions: BrokerAudience) => void): void {
    for (const { sharers } of groups) {
      const { latest } = sharers.state;
      if (latest !== undefined && latest.sessions.state.waiting !== 'nobody') visit(latest.sessions);
    }
  }

  /** Tells what was kept from groups in this turn. */
  tellAll(): void {
    for (const group of this.#withheld) this.#tellWithheld(group);
  }

  /** Everything that was handed to a session has left for it, or been told, when this returns. */
  settle(session: Session): void {
    this.tellAll();
    this.#parts.direct.flushSession(session);
  }

  /** A session that was slow takes frames again: it is told what its groups have lost, if nobody was. */
  resumed(session: Session): void {
    for (const group of this.#lost) {
      for (const member of group.sharers.members.values()) {
        if (member.session !== session) continue;
        this.#tellLost(group, member);
        break;
      }
    }
  }

  /** A group has no members any more: there is nobody to be told. */
  ended(group: BrokerGroup): void {
    this.#withheld.delete(group);
    this.#lost.delete(group);
  }

  #handTo(group: BrokerGroup, frame: FrameView): void {
    const { state, members } = group.sharers;
    const circle = state.readersOf(frame, members);
    const member = this.#choose(group, circle);
    if (member === undefined) {
      this.#pass(group, frame, circle.members.length > 0);
      return;
    }
    if (group.lost !== undefined) this.#tellLost(group, member);
    this.#parts.direct.sendShare(member, frame.memory.u8, frame.start, frame.end);
    if (member.session.outstanding > this.#parts.limits.congestedBytes) {
      this.#parts.pressure.waitForFirst(circle.sessions);
    }
  }

  #choose({ sharers }: BrokerGroup, { members }: Circle<Session>): BrokerMember | undefined {
    return sharers.state.turns.choose(members, this.#loadOf, this.#parts.limits.congestedBytes);
  }

  readonly #loadOf = ({ session }: BrokerMember): number => {
    if (session.slow !== undefined || session.deaf) return Number.POSITIVE_INFINITY;
    if (session.outstanding > LIGHT_BYTES) this.#parts.pressure.look(session);
    return session.outstanding > LIGHT_BYTES ? session.outstanding : 0;
  };

  /** A frame that nobody takes. */
  #pass(group: BrokerGroup, frame: FrameView, readable: boolean): void {
    const { sequence } = frame;
    const { withheld } = group;
    const schemaId = schemaIdOf(frame);
    if (!readable && withheld?.last === sequence - 1 && withheld.schemaId === schemaId) {
      withheld.last++;
      this.withheldCount++;
      return;
    }
    const { state, members } = group.sharers;
    const told = readable ? undefined : this.#choose(group, state.all(members));
    if (told === undefined) {
      group.lost ??= { first: sequence, last: sequence };
      group.lost.last = sequence;
      this.#lost.add(group);
      return;
    }
    if (group.lost !== undefined) this.#tellLost(group, told);
    if (withheld !== undefined) this.#tellWithheld(group);
    group.withheld = { member: told, schemaId, first: sequence, last: sequence };
    this.withheldCount++;
    this.#withheld.add(group);
    this.#parts.fanOut.schedule();
  }

  #tellWithheld(group: BrokerGroup): void {
    const { text, epoch } = group.subject;
    const { member, schemaId, first, last } = group.withheld!;
    group.withheld = undefined;
    this.#withheld.delete(group);
    this.#tell(
      member,
      encodeControl({ type: 'withheld', subject: text, epoch, first, last, schemaId: fromHex(schemaId) }),
    );
    emit('modwire:withheld', () => ({
      ...{ subject: text, epoch, first, last },
      sessions: [member.session.memberId],
    }));
  }

  #tellLost(group: BrokerGroup, member: BrokerMember): void {
    const { text, epoch } = group.subject;
    const missed = [{ subject: text, epoch, ...group.lost! }];
    group.lost = undefined;
    this.#lost.delete(group);
    this.#tell(member, encodeControl({ type: 'gap', missed }));
  }

  #tell(member: BrokerMember, message: Uint8Array): void {
    this.#parts.direct.sendShare(member, message, 0, message.length);
  }
}
