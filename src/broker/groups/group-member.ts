import { encodeControl } from '../../codec/control.js';
import { checkGroupName } from '../../codec/group-name.js';
import type { Member } from '../../routing/audience.js';

/** A subscription as a member of its group; its session is a `Party`. */
export class GroupMember<Party extends Member> implements Member {
  /** Not that of its session: of one session several subscriptions may be members. */
  readonly memberId: number;
  readonly session: Party;
  /** Of the subscription, as its client knows it. */
  readonly number: number;
  readonly group: string;
  /** Ids of the schemas that it reads, in hex; empty when it takes whatever comes. */
  readonly reads: readonly string[];
  /** A Share that names it, as it goes before its frames. */
  readonly share: Uint8Array;

  /** Throws INVALID_ARGUMENT for a name that is none. */
  constructor(memberId: number, session: Party, number: number, group: string, reads: readonly string[]) {
    checkGroupName(group);
    this.memberId = memberId;
    this.session = session;
    this.number = number;
    this.group = group;
    this.reads = reads;
    this.share = encodeControl({ type: 'share', subscription: number });
  }
}
