/** A member in the eyes of outlier ejection. */
export class Standing<M> {
  readonly member: M;
  /** @internal */ consecutiveErrors = 0;
  /** Ejections that are not forgiven yet. @internal */
  ejections = 0;
  /** When it may come back; undefined when it is not ejected. @internal */
  ejectedUntilMs: number | undefined = undefined;

  /** @internal */
  constructor(member: M) {
    this.member = member;
  }

  get isEjected(): boolean {
    return this.ejectedUntilMs !== undefined;
  }
}

export interface OutlierEjectionOptions<M> {
  readonly ejected: (member: M) => void;
  /** It may have calls again. */
  readonly readmitted: (member: M) => void;
}

/** How often `sweep` is to be called. Milliseconds. */
export const SWEEP_MS = 10_000;

const CONSECUTIVE_ERRORS = 5;
const BASE_EJECTION_MS = 30_000;
const MAX_EJECTION_MS = 300_000;
const MAX_EJECTED_SHARE = 0.1;

/**
 * Keeps calls from members that fail one after the other. Five errors in a row eject a member for 30 s, the next time for
 * 60 s and so on up to 300 s; a sweep without errors since the last success takes one time back. At most a tenth of the
 * members is ejected, or one, and never the last. Nobody is while the last call of most of them failed: then it is not the
 * members.
 */
export class OutlierEjection<M> {
  readonly #options: OutlierEjectionOptions<M>;
  readonly #standings = new Set<Standing<M>>();
  readonly #ejected = new Set<Standing<M>>();
  /** Members whose last call failed, without those that are ejected. */
  #failing = 0;

  constructor(options: OutlierEjectionOptions<M>) {
    this.#options = options;
  }

  get ejectedCount(): number {
    return this.#ejected.size;
  }

  join(member: M): Standing<M> {
    const standing = new Standing(member);
    this.#standings.add(standing);
    return standing;
  }

  /** Readmits others when too many of those that stay are ejected. */
  leave(standing: Standing<M>): void {
    if (this.#standings.delete(standing)) this.#forgetErrors(standing);
    this.#ejected.delete(standing);
    this.#keepBound();
  }

  succeeded(standing: Standing<M>): void {
    if (this.#standings.has(standing)) this.#forgetErrors(standing);
  }

  /** A call failed by the member's fault. What comes back to one that is ejected, from calls it had before, is ignored. */
  failed(standing: Standing<M>, nowMs: number): void {
    if (standing.isEjected || !this.#standings.has(standing)) return;
    if (standing.consecutiveErrors++ === 0) this.#failing++;
    if (standing.consecutiveErrors < CONSECUTIVE_ERRORS || this.#ejected.size >= this.#maxEjected) return;
    if (this.#failing * 2 > this.#standings.size) return;
    this.#forgetErrors(standing);
    standing.ejections++;
    standing.ejectedUntilMs = nowMs + Math.min(MAX_EJECTION_MS, BASE_EJECTION_MS * standing.ejections);
    this.#ejected.add(standing);
    this.#options.ejected(standing.member);
  }

  /** Readmits those whose time is over, and forgives those that do well. */
  sweep(nowMs: number): void {
    for (const standing of this.#standings) {
      if (standing.ejectedUntilMs === undefined) {
        if (standing.consecutiveErrors === 0 && standing.ejections > 0) standing.ejections--;
      } else if (standing.ejectedUntilMs <= nowMs) this.#readmit(standing);
    }
  }

  #forgetErrors(standing: Standing<M>): void {
    if (standing.consecutiveErrors > 0) this.#failing--;
    standing.consecutiveErrors = 0;
  }

  get #maxEjected(): number {
    const members = this.#standings.size;
    return Math.max(0, Math.min(members - 1, Math.max(1, Math.floor(members * MAX_EJECTED_SHARE))));
  }

  /** Whoever would come back first comes back now. */
  #keepBound(): void {
    while (this.#ejected.size > this.#maxEjected) {
      let first: Standing<M> | undefined;
      for (const standing of this.#ejected) {
        if (first === undefined || standing.ejectedUntilMs! < first.ejectedUntilMs!) first = standing;
      }
      this.#readmit(first!);
    }
  }

  #readmit(standing: Standing<M>): void {
    standing.ejectedUntilMs = undefined;
    this.#ejected.delete(standing);
    this.#options.readmitted(standing.member);
  }
}
