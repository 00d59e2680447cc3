import { type Candidate, hasRoom, type WorkerPolicy } from './worker-policy.js';

/**
 * Workers in turn, in the order in which they came. Between two turns of a worker nobody else has two, whoever comes and
 * goes meanwhile; one that cannot take a call loses its turn.
 */
export class RoundRobin<W extends Candidate> implements WorkerPolicy<W> {
  readonly #workers: W[] = [];
  /** Whose turn it is; their number when it is the first one's again. */
  #next = 0;

  get size(): number {
    return this.#workers.length;
  }

  add(worker: W): void {
    this.#workers.push(worker);
  }

  remove(worker: W): boolean {
    const index = this.#workers.indexOf(worker);
    if (index < 0) return false;
    this.#workers.splice(index, 1);
    // The turn stays with the one that had it.
    if (index < this.#next) this.#next--;
    return true;
  }

  choose(_key: number, except: W | undefined): W | undefined {
    const workers = this.#workers;
    for (let step = 0, at = this.#next; step < workers.length; step++, at++) {
      if (at >= workers.length) at = 0;
      const worker = workers[at]!;
      if (worker === except || !hasRoom(worker)) continue;
      this.#next = at + 1;
      return worker;
    }
    return undefined;
  }
}
