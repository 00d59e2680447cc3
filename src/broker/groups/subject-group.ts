import type { Member } from '../../routing/audience.js';
import type { GroupMember } from './group-member.js';
import type { Sharers } from './sharing.js';

/** Sequences of one subject, both included. */
interface Range {
  readonly first: number;
  last: number;
}

/** Frames that nobody of a group can read, and of which one member, chosen to be told, is not told yet. */
export interface WithheldRange<Party extends Member> extends Range {
  readonly member: GroupMember<Party>;
  /** In hex. */
  readonly schemaId: string;
}

/** A group as one subject has it. */
export class SubjectGroup<Party extends Member> {
  readonly name: string;
  readonly subject: { readonly text: string; readonly epoch: number };
  /** Who gets the subject's frames, one of them each. */
  sharers: Sharers<Party>;
  /** Frames that nobody could take, because all who can read them are slow: of which nobody is told yet. */
  lost: Range | undefined;
  withheld: WithheldRange<Party> | undefined;

  constructor(
    name: string,
    subject: { readonly text: string; readonly epoch: number },
    nobody: Sharers<Party>,
  ) {
    this.name = name;
    this.subject = subject;
    this.sharers = nobody;
  }
}
