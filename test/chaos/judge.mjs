// Whether a chaos run was as it has to be.
import { ERRORS } from 'modwire';

const LEAST_SUCCESS = 0.999;
/** Time in which latencies have to recover, and by how much they may be above those before any trouble. */
export const RECOVERY_MS = 3_000;
const RECOVERED = { factor: 1.5, moreMs: 20 };
/** Before this the processes warm up. Milliseconds. */
const WARM_MS = 1_000;

/** Takes requests as they end, and what happened meanwhile; times are milliseconds on the clock of the load. */
export class Judge {
  #timed;
  /** Of requests that began before any trouble. */
  #calm = [];
  /** With the times of requests that began when latencies had to have recovered. */
  #troubles = [];
  #ended = 0;
  #idempotent = 0;
  #replies = 0;
  #outcomes = {};

  /** `timed`: whether latencies have to recover. */
  constructor(timed) {
    this.#timed = timed;
  }

  /** Something happens to a worker. Told before any request that begins later has ended. */
  trouble(trouble, atMs) {
    this.#troubles.push({ trouble, atMs, times: [] });
  }

  take(ended) {
    for (const { begin, tookMs, idempotent, outcome } of ended) {
      this.#ended++;
      if (idempotent) this.#idempotent++;
      if (idempotent && outcome === 'reply') this.#replies++;
      const key = `${outcome}${idempotent ? '' : ' (not idempotent)'}`;
      this.#outcomes[key] = (this.#outcomes[key] ?? 0) + 1;
      this.#timesAt(begin)?.push(tookMs);
    }
  }

  /** `twice`: requests that were processed more than once and must not be. */
  verdict(report, twice) {
    const { made, late, retries, hedges, left, broker } = report;
    const faults = [...report.faults];
    if (this.#ended !== made) faults.push(`${made} requests and ${this.#ended} outcomes`);
    if (twice > 0) faults.push(`${twice} requests were processed twice`);
    for (const [what, count] of Object.entries({ ...left, 'calls open at the broker': broker.open })) {
      if (count > 0) faults.push(`left over: ${count} ${what}`);
    }
    const outcomes = this.#outcomes;
    for (const outcome of Object.keys(outcomes).map((key) => key.replace(' (not idempotent)', ''))) {
      if (outcome !== 'reply' && !Object.hasOwn(ERRORS, outcome)) faults.push(`no known error: ${outcome}`);
    }
    const success = this.#replies / this.#idempotent;
    if (success < LEAST_SUCCESS) faults.push(`${percent(success)} of the idempotent requests have a reply`);
    const before = p99(this.#calm);
    const bound = before * RECOVERED.factor + RECOVERED.moreMs;
    const recovered = this.#troubles.map(({ trouble, times }) => {
      const ms = p99(times);
      if (this.#timed && ms > bound)
        faults.push(`p99 is ${Math.round(ms)} ms ${RECOVERY_MS} ms after ${trouble}`);
      return ms;
    });
    const troubles = this.#troubles.length;
    const text = [
      `${made} requests, ${troubles} troubles: ${percent(success)} of the idempotent ones have a reply`,
      ...Object.entries(outcomes).map(([outcome, count]) => `  ${outcome}: ${count}`),
      `p99 ${Math.round(before)} ms before, at most ${Math.round(Math.max(...recovered))} ms from ${RECOVERY_MS} ms after a trouble on`,
      `${retries} retries, ${hedges} hedges, ${late} answers too late`,
      ...faults.map((fault) => `FAULT: ${fault}`),
    ].join('\n');
    return { text, faults, made, troubles, outcomes, success, before, recovered, retries, hedges, late };
  }

  /** Where the time of a request counts that began then; undefined where it may have taken any time. */
  #timesAt(begin) {
    const last = this.#troubles.findLast(({ atMs }) => atMs <= begin);
    if (last === undefined) return begin > WARM_MS ? this.#calm : undefined;
    return begin > last.atMs + RECOVERY_MS ? last.times : undefined;
  }
}

function p99(times) {
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
}

function percent(share) {
  return `${(share * 100).toFixed(3)} %`;
}
