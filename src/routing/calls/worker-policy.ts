/** What a policy sees of a worker. The broker's own workers are this and more. */
export interface Candidate {
  /** Calls handed to it and not finished. */
  readonly outstanding: number;
  /** Calls that it takes at once, at least 1. A worker of twice the concurrency gets twice the share. */
  readonly concurrency: number;
  /** Whether it takes calls at all: healthy, not ejected, not draining. */
  readonly ready: boolean;
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
   * A worker that is ready and has room, but never `except`, which has had this call already; undefined when there is
   * none. `key` is the hash of the call's key (`keyHash`), at which only the policy with sticky keys looks.
   */
  choose(key: number, except: W | undefined): W | undefined;
}

/** Whether a worker can take a call. */
export function hasRoom(worker: Candidate): boolean {
  return worker.ready && worker.outstanding < worker.concurrency;
}
