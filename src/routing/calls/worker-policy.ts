/** What a policy sees of a worker. The broker's own workers are this and more. */
export interface Candidate {
  /** Calls handed to it and not finished. */
  readonly outstanding: number;
  /** Calls that it takes at once, at least 1. A worker of twice the concurrency gets twice the share. */
  readonly concurrency: number;
  /** Whether it takes calls at all: healthy, not ejected, not draining. */
  readonly ready: boolean;
}

/** Says which workers may take a call. */
export interface Eligible<W> {
  admits(worker: W): boolean;
}

/** Chooses who takes a call among the workers of one group. Choosing allocates nothing. */
export interface WorkerPolicy<W extends Candidate> {
  /** Workers of the group, whether they have room or not. */
  readonly size: number;
  /** Takes in a worker that is not in yet. */
  add(worker: W): void;
  /** False when it was not in. */
  remove(worker: W): boolean;
  /**
   * A worker that is ready and has room; undefined when there is none. `key` is the hash of the call's key (`keyHash`), at
   * which only the policy with sticky keys looks. Without `eligible` any worker may take the call, else one that it admits.
   */
  choose(key: number, eligible: Eligible<W> | undefined): W | undefined;
}

/** Whether a worker can take a call. */
export function hasRoom(worker: Candidate): boolean {
  return worker.ready && worker.outstanding < worker.concurrency;
}

/** Whether it can take one that only some may take. */
export function canTake<W extends Candidate>(worker: W, eligible: Eligible<W> | undefined): boolean {
  return hasRoom(worker) && (eligible === undefined || eligible.admits(worker));
}
