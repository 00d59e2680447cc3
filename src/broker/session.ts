import type { AckEntry } from '../codec/control-message.js';
import { type ControlMessage, encodeControl } from '../codec/index.js';
import type { Audience, Member } from '../routing/audience.js';
import type { Subject, SubjectRegistry } from '../routing/subject-registry.js';
import type { Delivery } from './delivery.js';
import type { DirectBuffer } from './direct-buffer.js';
import type { GroupMember } from './groups/group-member.js';
import type { Sharers } from './groups/sharing.js';
import type { SubjectGroup } from './groups/subject-group.js';
import type { SubjectGate } from './subject-gate.js';
import type { Connection } from './transport.js';

export type BrokerAudience = Audience<Session, Delivery<Session>>;
/** What the frames of a subject have to pass. */
export type BrokerGate = SubjectGate<Session>;
/** What the broker knows of a subject beside its count: who receives it, and its gate. */
export type BrokerSubject = Subject<BrokerAudience, BrokerGate>;
/** A group of subscribers as one subject has it. */
export type BrokerGroup = SubjectGroup<Session>;
export type BrokerMember = GroupMember<Session>;
export type BrokerSharers = Sharers<Session>;
export type BrokerSubjects = SubjectRegistry<BrokerAudience, BrokerGate>;

/** A client is looked at once it was sent this much in answers. Bytes. */
const LOOK_AFTER_BYTES = 16 * 1024;

/** Since when frames pass a slow consumer by, and how far each subject had come by then. */
export interface Slowness {
  /** Milliseconds on the broker's monotonic clock. */
  readonly since: number;
  /** What it had buffered then. */
  readonly bufferedBytes: number;
  /** Sequence of the last frame it was sent, for subjects that existed by then. */
  readonly positions: Map<BrokerSubject, number>;
}

/** One filter of one session. */
export interface Subscription {
  readonly session: Session;
  /** The client's choice, unique within its session. */
  readonly number: number;
  readonly filter: string;
  /** Ids of the schemas that it reads, in hex; empty when it takes whatever comes. */
  readonly reads: readonly string[];
  /** As what it shares with others what it selects; undefined when it gets everything. */
  readonly member: BrokerMember | undefined;
  /** Whether it does without what streams have of what it missed. */
  readonly skipHistory: boolean;
}

const NO_AUDIENCES: ReadonlySet<BrokerAudience> = new Set();
const NO_SUBSCRIPTIONS: ReadonlyMap<number, Subscription> = new Map();

/** What the broker knows of one connected client. Kept small: there may be very many idle ones. */
export class Session implements Member {
  readonly memberId: number;
  readonly connection: Connection;
  /** As the client calls itself; empty before its hello. */
  name = '';
  closed = false;
  /** Nothing more is taken from this client: it is being disconnected. */
  deaf = false;
  /** Milliseconds on the broker's monotonic clock. */
  lastMessageAt: number;

  /** Upper bound of what the transport has buffered; exact after every look. Bytes. */
  outstanding = 0;
  /** Bytes given to the transport for this client so far. */
  handedBytes = 0;
  /** Most of those that it was ever seen to have taken. */
  goneBytes = 0;
  /** When the peer was last seen to take bytes. Milliseconds on the broker's monotonic clock. */
  progressAt: number;
  slow: Slowness | undefined;
  /** How long publishers may still wait for it, as of `patienceAt`. Milliseconds. */
  patienceMs = Number.POSITIVE_INFINITY;
  patienceAt = 0;

  /** Bytes of all messages taken from this client. */
  takenBytes = 0;
  /** What of that was granted anew. Bytes. */
  creditedBytes = 0;
  /** Congested audiences that hold back this publisher's credit. */
  holds = 0;
  /** Acknowledgements of this turn. */
  acks: AckEntry[] | undefined;
  violations = 0;
  /** Frames that wait for a verdict, and what to do when there are none any more. */
  waitingFrames = 0;
  waitingBytes = 0;
  whenSettled: (() => void)[] | undefined;
  /** What it asks of the broker that is under way. */
  calls = 0;
  /** Frames for it alone that leave at the end of this turn. */
  direct: DirectBuffer | undefined;

  readonly #answered: (session: Session) => void;
  #answeredBytes = 0;
  #audiences: Set<BrokerAudience> | undefined;
  #subscriptions: Map<number, Subscription> | undefined;

  /** `answered` is told now and then, when this client was sent answers. */
  constructor(memberId: number, connection: Connection, nowMs: number, answered: (session: Session) => void) {
    this.memberId = memberId;
    this.connection = connection;
    this.#answered = answered;
    this.lastMessageAt = nowMs;
    this.progressAt = nowMs;
  }

  /** Whether the hello was accepted. */
  get welcomed(): boolean {
    return this.name !== '';
  }

  /** Audiences that this session belongs to. */
  get audiences(): ReadonlySet<BrokerAudience> {
    return this.#audiences ?? NO_AUDIENCES;
  }

  /** By the client's number. */
  get subscriptions(): ReadonlyMap<number, Subscription> {
    return this.#subscriptions ?? NO_SUBSCRIPTIONS;
  }

  joinAudience(audience: BrokerAudience): void {
    this.#audiences ??= new Set();
    this.#audiences.add(audience);
  }

  leaveAudience(audience: BrokerAudience): void {
    this.#audiences?.delete(audience);
  }

  addSubscription(subscription: Subscription): void {
    this.#subscriptions ??= new Map();
    this.#subscriptions.set(subscription.number, subscription);
  }

  removeSubscription(subscription: Subscription): void {
    this.#subscriptions?.delete(subscription.number);
  }

  /** Takes nothing more from this client, and closes its connection when it has what was sent before. */
  disconnect(code: number, reason: string): void {
    this.deaf = true;
    this.connection.end(code, reason);
  }

  send(message: ControlMessage): void {
    this.sendBytes(encodeControl(message));
  }

  /** Sends entries of a batch that are for this client alone. */
  sendBytes(bytes: Uint8Array): void {
    this.connection.send(bytes);
    this.handedBytes += bytes.length;
    this.#answeredBytes += bytes.length;
    if (this.#answeredBytes < LOOK_AFTER_BYTES) return;
    this.#answeredBytes = 0;
    this.#answered(this);
  }
}
