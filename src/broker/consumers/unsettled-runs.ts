import type { RecordRun } from './handouts.js';

/** Records of one block that were handed out: those from `from` to before `until`. */
interface Run {
  readonly offsets: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  from: number;
  readonly until: number;
}

/** What a reader was sent and has not settled. It counts exactly, without an object for each record. */
export class UnsettledRuns {
  #runs: Run[] = [];
  records = 0;
  bytes = 0;

  /** Records `from` to before `until` of a run are on their way. */
  add({ offsets, starts, ends }: RecordRun, from: number, until: number): void {
    this.#runs.push({ offsets, starts, ends, from, until });
    this.records += until - from;
    for (let index = from; index < until; index++) this.bytes += ends[index]! - starts[index]!;
  }

  /** All up to an offset are settled. */
  settle(offset: number): void {
    let done = 0;
    for (const run of this.#runs) {
      const { offsets, starts, ends, until } = run;
      for (; run.from < until && offsets[run.from]! <= offset; run.from++) {
        this.records--;
        this.bytes -= ends[run.from]! - starts[run.from]!;
      }
      if (run.from < until) break;
      done++;
    }
    this.#runs.splice(0, done);
  }
}
