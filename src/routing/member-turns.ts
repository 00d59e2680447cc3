/**
 * Whose turn it is among members who share something. Those for whom nothing waits take turns, in order. One for whom
 * something waits is passed over when less waits for another one drawn; all are compared when both have enough.
 *
 * So a choice among members who keep up costs one look, and one among a thousand of which some do not costs two.
 */
export class MemberTurns {
  readonly #random: () => number;
  #next = 0;

  /** `random` gives numbers from 0 to 1, without 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * `loadOf` says how much waits for a member: 0 for nothing worth mentioning, infinity for one that takes nothing.
   * From `enough` on it is worth looking for another one. Undefined when nobody takes anything.
   */
  choose<M>(members: readonly M[], loadOf: (member: M) => number, enough: number): M | undefined {
    const { length } = members;
    if (length === 0) return undefined;
    if (this.#next >= length) this.#next = 0;
    const turn = this.#next++;
    let best = members[turn] as M;
    let least = loadOf(best);
    if (least === 0) return best;
    const take = (member: M) => {
      const load = loadOf(member);
      if (load >= least) return;
      best = member;
      least = load;
    };
    // Another one than that, each with the same chance.
    if (length > 1) take(members[(turn + 1 + ((this.#random() * (length - 1)) | 0)) % length] as M);
    if (least >= enough) for (const member of members) take(member);
    return least === Number.POSITIVE_INFINITY ? undefined : best;
  }
}
