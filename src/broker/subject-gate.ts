import type { BySchemaId } from '../codec/schema-ids.js';
import type { Audience, Member } from '../routing/audience.js';
import type { BoundContract } from './bound-contracts.js';
import type { Delivery } from './delivery.js';
import type { SubjectGroup } from './groups/subject-group.js';

/** A subscription as its client knows it. */
export interface NumberedSubscription {
  readonly number: number;
}

/** Of this session's subscriptions to a subject some read frames of a schema, and some do not. */
export interface SplitReader<Party extends Member> {
  readonly session: Party;
  /** Those that do not. */
  readonly unable: readonly NumberedSubscription[];
  /** What the session was told, this included; undefined before that. */
  told: { readonly inForce: boolean } | undefined;
}

/** Whom frames of one schema reach on one subject. */
export interface NarrowedAudience<Party extends Member> {
  /** 16 bytes. */
  readonly schemaId: Uint8Array;
  /** The same in hex. */
  readonly hexId: string;
  /** Undefined when they reach everyone. */
  readonly audience: Audience<Party, Delivery<Party>> | undefined;
  /** Whom they do not reach although they subscribed: they cannot read them. */
  readonly excluded: readonly Party[];
  /** Whom they reach, but not for all of its subscriptions. */
  readonly splits: readonly SplitReader<Party>[];
}

/** Frames that passed some consumers by, and of which these are not told yet. */
export interface Withholding<Party extends Member> {
  readonly narrowed: NarrowedAudience<Party>;
  /** Sequences. */
  readonly first: number;
  last: number;
}

const NO_GROUPS: readonly never[] = [];

/**
 * What the frames of one subject have to pass, and what may keep them from some consumers, who are `Party`. Most
 * subjects have none: theirs are free.
 */
export class SubjectGate<Party extends Member> {
  /** Only the broker publishes here. */
  reserved = false;
  /** Subjects without a contract are refused, and this has none. */
  unbound = false;
  contract: BoundContract | undefined;
  /** Frames that wait for a verdict, and those behind them. */
  waiting = 0;
  /** The stream that captures the subject; its frames go there first. */
  stream: string | undefined;
  /** Frames that have their place in the count, and are delivered once the stream has them. */
  keeping = 0;
  /** Sessions that are sent what they missed of it before they get what is new. */
  recovering = 0;

  /** Whether some consumers say which schemas they read. */
  narrow = false;
  /** Whom frames reach, by their schema id; undefined until a frame asks. */
  audiences: BySchemaId<NarrowedAudience<Party>> | undefined;
  /** The same by id in hex. */
  readonly narrowed = new Map<string, NarrowedAudience<Party>>();
  /** The audience of the last frame: what was gathered for it leaves before a frame for another one. */
  lastAudience: Audience<Party, Delivery<Party>> | undefined;
  withholding: Withholding<Party> | undefined;

  /** Groups of subscribers: of each one member gets a frame, beside whoever gets everything. */
  groups: readonly SubjectGroup<Party>[] = NO_GROUPS;
}
