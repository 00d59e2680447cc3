import type { FrameView } from '../../codec/frame-view.js';
import { BySchemaId } from '../../codec/schema-ids.js';
import { Audience, type Member } from '../../routing/audience.js';
import { MemberTurns } from '../../routing/member-turns.js';
import { createDelivery, type Delivery } from '../delivery.js';
import type { GroupMember } from './group-member.js';

/** Members of one group that share the same subjects. */
export type Sharers<Party extends Member> = Audience<GroupMember<Party>, Sharing<Party>>;

/** Some of those: who can take the same frames. */
export interface Circle<Party extends Member> {
  readonly members: readonly GroupMember<Party>[];
  /** Their sessions, for whom publishers wait while all of them are congested. It has no topic. */
  readonly sessions: Audience<Party, Delivery<Party>>;
}

export interface SharingParts<Party extends Member> {
  /** Numbers from 0 to 1, without 1. */
  readonly random: () => number;
  /** Whether a reader's schema can read another; both by id in hex. */
  readonly canRead: (reader: string, schemaId: string) => boolean;
  /** Told of everyone for whom publishers may have waited, and need not any more. */
  readonly released: (sessions: Audience<Party, Delivery<Party>>) => void;
}

/** Schemas whose readers are remembered. When there are more, all are found anew. */
const MAX_SCHEMAS = 64;

/** What the broker keeps for members that share the same subjects: whose turn it is, and who of them reads what. */
export class Sharing<Party extends Member> {
  readonly turns: MemberTurns;
  /** For whom the last frame was. */
  latest: Circle<Party> | undefined;
  readonly #parts: SharingParts<Party>;
  #all: Circle<Party> | undefined;
  /** Undefined when they take whatever comes. */
  #readers: BySchemaId<Circle<Party>> | undefined;
  /** The same by id in hex. */
  readonly #bySchema = new Map<string, Circle<Party>>();

  constructor(parts: SharingParts<Party>) {
    this.#parts = parts;
    this.turns = new MemberTurns(parts.random);
  }

  /** All of the members, who are those that share. */
  all(members: ReadonlyMap<number, GroupMember<Party>>): Circle<Party> {
    if (this.#all === undefined) {
      this.#all = circleOf([...members.values()]);
      const narrow = this.#all.members.some(({ reads }) => reads.length > 0);
      this.#readers = narrow ? new BySchemaId((schemaId) => this.#readersOf(schemaId)) : undefined;
    }
    return this.#all;
  }

  /** Those of the members who read a frame. */
  readersOf(frame: FrameView, members: ReadonlyMap<number, GroupMember<Party>>): Circle<Party> {
    const all = this.all(members);
    this.latest = this.#readers === undefined ? all : this.#readers.of(frame);
    return this.latest;
  }

  /** The members have changed, or other schemas can be read. */
  reset(): void {
    if (this.#all !== undefined) this.#parts.released(this.#all.sessions);
    this.#forgetReaders();
    this.#all = undefined;
    this.#readers = undefined;
    this.latest = undefined;
  }

  #readersOf(schemaId: string): Circle<Party> {
    let circle = this.#bySchema.get(schemaId);
    if (circle !== undefined) return circle;
    if (this.#bySchema.size >= MAX_SCHEMAS) this.#forgetReaders();
    const { canRead } = this.#parts;
    const all = this.#all!;
    const readers = all.members.filter(
      ({ reads }) => reads.length === 0 || reads.some((reader) => canRead(reader, schemaId)),
    );
    circle = readers.length === all.members.length ? all : circleOf(readers);
    this.#bySchema.set(schemaId, circle);
    return circle;
  }

  #forgetReaders(): void {
    for (const { sessions } of this.#bySchema.values()) this.#parts.released(sessions);
    this.#bySchema.clear();
  }
}

function circleOf<Party extends Member>(members: readonly GroupMember<Party>[]): Circle<Party> {
  const sessions = new Map(members.map(({ session }) => [session.memberId, session]));
  return { members, sessions: new Audience('', sessions, 0, createDelivery<Party>()) };
}
