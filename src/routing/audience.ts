/** One who may be in audiences. */
export interface Member {
  /** Unique among the living, a non-negative integer. */
  readonly memberId: number;
}

/**
 * The set of members that receive the same subjects. Subjects with equal sets share one audience, so that their
 * frames leave together in one message and one topic of the transport serves them all, however many subjects there
 * are. An audience's members only change together for all its subjects.
 */
export class Audience<M extends Member, State> {
  /** Topic of the transport; unique per audience. */
  readonly topic: string;
  readonly members: Map<number, M>;
  /** Number of subjects that have this audience. */
  subjectCount = 0;
  /** Whether there may be another of the same members, to which its subjects had better move. */
  duplicate = false;
  state: State;
  /** Sum of the members' mixed ids, under which equal audiences find each other. @internal */
  key: number;

  constructor(topic: string, members: Map<number, M>, key: number, state: State) {
    this.topic = topic;
    this.members = members;
    this.key = key;
    this.state = state;
  }

  get size(): number {
    return this.members.size;
  }
}

/** All audiences: makes sure that equal sets of members are one object. */
export class AudienceTable<M extends Member, State> {
  /** The audience of nobody. */
  readonly empty: Audience<M, State>;
  readonly #createState: () => State;
  /** Mostly one each: several with different members by chance, or with the same after somebody left altogether. */
  readonly #byKey = new Map<number, Set<Audience<M, State>>>();
  #made = 0;
  #count = 0;

  constructor(createState: () => State) {
    this.#createState = createState;
    this.empty = this.#make(new Map(), 0);
  }

  /** Number of audiences with members. */
  get count(): number {
    return this.#count;
  }

  /** The audience of exactly these members. */
  of(members: Map<number, M>): Audience<M, State> {
    let key = 0;
    for (const id of members.keys()) key = add(key, mix(id));
    return (
      this.#find(key, members.size, (candidate) => includesAll(candidate.members, members)) ??
      this.#store(members, key)
    );
  }

  /** The audience of everyone in `audience` and `member`. */
  with(audience: Audience<M, State>, member: M): Audience<M, State> {
    if (audience.members.has(member.memberId)) return audience;
    return (
      this.#findWith(audience, member) ??
      this.#store(new Map(audience.members).set(member.memberId, member), keyWith(audience, member))
    );
  }

  /** The audience of everyone in `audience` but `member`. */
  without(audience: Audience<M, State>, member: M): Audience<M, State> {
    if (!audience.members.has(member.memberId)) return audience;
    const found = this.#findWithout(audience, member);
    if (found !== undefined) return found;
    const members = new Map(audience.members);
    members.delete(member.memberId);
    return this.#store(members, keyWithout(audience, member));
  }

  /**
   * Takes a member in for all subjects of an audience, in place, so that its cost does not grow with the members.
   * False, and nothing done, when there is an audience of these members already.
   */
  enter(audience: Audience<M, State>, member: M): boolean {
    if (audience === this.empty || this.#findWith(audience, member) !== undefined) return false;
    const key = keyWith(audience, member);
    this.forget(audience);
    audience.members.set(member.memberId, member);
    this.#index(audience, key);
    return true;
  }

  /**
   * Takes a member out for all subjects of an audience, in place. False, and nothing done, when there is an audience
   * of the others already.
   */
  withdraw(audience: Audience<M, State>, member: M): boolean {
    if (this.#findWithout(audience, member) !== undefined) return false;
    this.leave(audience, member);
    return true;
  }

  /**
   * Takes a member that leaves altogether out of one of its audiences, in place: no subject moves. Two audiences may
   * become equal this way; the one that changed is marked as `duplicate`. One that loses its last member so stays with
   * its subjects, but is forgotten here.
   */
  leave(audience: Audience<M, State>, member: M): void {
    if (!audience.members.has(member.memberId)) return;
    audience.duplicate = this.#findWithout(audience, member) !== undefined;
    const key = keyWithout(audience, member);
    this.forget(audience);
    audience.members.delete(member.memberId);
    if (audience.size > 0) this.#index(audience, key);
    else audience.key = key;
  }

  /** Forgets an audience that no subject has any more. */
  forget(audience: Audience<M, State>): void {
    const candidates = this.#byKey.get(audience.key);
    if (!candidates?.delete(audience)) return;
    if (candidates.size === 0) this.#byKey.delete(audience.key);
    this.#count--;
  }

  #findWith(audience: Audience<M, State>, member: M): Audience<M, State> | undefined {
    return this.#find(
      keyWith(audience, member),
      audience.size + 1,
      ({ members }) => members.has(member.memberId) && includesAll(members, audience.members),
    );
  }

  #findWithout(audience: Audience<M, State>, member: M): Audience<M, State> | undefined {
    return this.#find(
      keyWithout(audience, member),
      audience.size - 1,
      ({ members }) => !members.has(member.memberId) && includesAll(audience.members, members),
    );
  }

  #find(
    key: number,
    size: number,
    test: (candidate: Audience<M, State>) => boolean,
  ): Audience<M, State> | undefined {
    if (size === 0) return this.empty;
    for (const candidate of this.#byKey.get(key) ?? []) {
      if (candidate.size === size && test(candidate)) return candidate;
    }
    return undefined;
  }

  #make(members: Map<number, M>, key: number): Audience<M, State> {
    return new Audience(`a${(this.#made++).toString(36)}`, members, key, this.#createState());
  }

  #store(members: Map<number, M>, key: number): Audience<M, State> {
    const audience = this.#make(members, key);
    this.#index(audience, key);
    return audience;
  }

  #index(audience: Audience<M, State>, key: number): void {
    audience.key = key;
    const candidates = this.#byKey.get(key);
    if (candidates === undefined) this.#byKey.set(key, new Set([audience]));
    else candidates.add(audience);
    this.#count++;
  }
}

function keyWith(audience: Audience<Member, unknown>, member: Member): number {
  return add(audience.key, mix(member.memberId));
}

function keyWithout(audience: Audience<Member, unknown>, member: Member): number {
  return subtract(audience.key, mix(member.memberId));
}

/** Keys are sums modulo 2^48: the order of joining does not matter, and numbers stay exact. */
const MODULUS = 2 ** 48;

function add(a: number, b: number): number {
  return (a + b) % MODULUS;
}

function subtract(a: number, b: number): number {
  return (a - b + MODULUS) % MODULUS;
}

/** Spreads an id over 48 bits. Ids are ours, so that nobody can choose them to collide. */
function mix(id: number): number {
  let low = Math.imul(id ^ (id >>> 16), 0x85ebca6b);
  low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low ^= low >>> 16;
  const high = Math.imul(low ^ id, 0x9e3779b1) >>> 16;
  return high * 2 ** 32 + (low >>> 0);
}

function includesAll<M>(all: Map<number, M>, some: Map<number, M>): boolean {
  for (const id of some.keys()) if (!all.has(id)) return false;
  return true;
}
