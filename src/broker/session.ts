import type { AckEntry } from '../codec/control-message.js';
import { type ControlMessage, encodeControl } from '../codec/index.js';
import type { Audience, Member } from '../routing/audience.js';
import type { Subject } from '../routing/subject-registry.js';
import type { Delivery } from './delivery.js';
import type { Connection } from './transport.js';

export type BrokerAudience = Audience<Session, Delivery>;
/** What the broker knows of a subject beside its count: who receives it. */
export type BrokerSubject = Subject<{ audience: BrokerAudience }>;

/** Since when frames pass a slow consumer by, and how far each subject had come by then. */
export interface Slowness {
  /** Milliseconds on the broker's monotonic clock. */
  readonly since: number;
  /** Sequence of the last frame it was sent, for subjects that existed by then. */
  readonly positions: Map<BrokerSubject, number>;
  /** Whether it is being disconnected instead of resumed. */
  readonly closing: boolean;
}

const NO_AUDIENCES: ReadonlySet<BrokerAudience> = new Set();
const NO_SUBSCRIPTIONS: ReadonlyMap<number, string> = new Map();

/** What the broker knows of one connected client. Kept small: there may be very many idle ones. */
export class Session implements Member {
  readonly memberId: number;
  readonly connection: Connection;
  /** As the client calls itself; empty before its hello. */
  name = '';
  closed = false;
  /** Nothing more is taken from this client: it is being disconnected. */
  deaf = false;
  /** It has published its last frame: the broker said goodbye, and it answered. */
  departing = false;
  /** Milliseconds on the broker's monotonic clock. */
  lastMessageAt: number;

  /** Upper bound of what the transport has buffered; exact after every look. Bytes. */
  outstanding = 0;
  /** When the peer was last seen to take bytes. Milliseconds on the broker's monotonic clock. */
  progressAt: number;
  slow: Slowness | undefined;

  /** Bytes of all messages taken from this client. */
  takenBytes = 0;
  /** What of that was granted anew. Bytes. */
  creditedBytes = 0;
  /** Congested audiences that hold back this publisher's credit. */
  holds = 0;
  /** Acknowledgements of this turn. */
  acks: AckEntry[] | undefined;
  violations = 0;

  #audiences: Set<BrokerAudience> | undefined;
  #subscriptions: Map<number, string> | undefined;

  constructor(memberId: number, connection: Connection, nowMs: number) {
    this.memberId = memberId;
    this.connection = connection;
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

  /** Filters by the client's subscription number. */
  get subscriptions(): ReadonlyMap<number, string> {
    return this.#subscriptions ?? NO_SUBSCRIPTIONS;
  }

  joinAudience(audience: BrokerAudience): void {
    this.#audiences ??= new Set();
    this.#audiences.add(audience);
  }

  leaveAudience(audience: BrokerAudience): void {
    this.#audiences?.delete(audience);
  }

  addSubscription(subscription: number, filter: string): void {
    this.#subscriptions ??= new Map();
    this.#subscriptions.set(subscription, filter);
  }

  removeSubscription(subscription: number): void {
    this.#subscriptions?.delete(subscription);
  }

  send(message: ControlMessage): void {
    this.connection.send(encodeControl(message));
  }
}
