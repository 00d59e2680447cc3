// Whether a chaos run was as it has to be.
const LEAST_SUCCESS = 0.999;
/** Time in which latencies have to recover, and by how much they may be above those before any trouble. */
const RECOVERY_MS = 3_000;
const RECOVERED = { factor: 1.5, moreMs: 20 };
/** Before this the processes warm up. Milliseconds. */
const WARM_MS = 1_000;

/** `twice`: requests that were processed more than once and must not be. */
export function judge(report, troubles, twice, timed) {
  const { made, ended, late, retries, hedges, left, broker } = report;
  const faults = [...report.faults];
  if (ended.length !== made) faults.push(`${made} requests and ${ended.length} outcomes`);
  if (twice > 0) faults.push(`${twice} requests were processed twice`);
  for (const [what, count] of Object.entries({ ...left, 'calls open at the broker': broker.open })) {
    if (count > 0) faults.push(`left over: ${count} ${what}`);
  }
  const idempotent = ended.filter((one) => one.idempotent);
  const replies = idempotent.filter(({ outcome }) => outcome === 'reply').length;
  const success = replies / idempotent.length;
  if (timed && success < LEAST_SUCCESS)
    faults.push(`${percent(success)} of the idempotent requests have a reply`);
  const calm = ended.filter(({ begin }) => begin > WARM_MS && begin < troubles[0].atMs);
  const before = p99(calm);
  const bound = before * RECOVERED.factor + RECOVERED.moreMs;
  const recovered = troubles.map(({ trouble, atMs }, index) => {
    const end = troubles[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const after = ended.filter(({ begin }) => begin > atMs + RECOVERY_MS && begin < end);
    const ms = p99(after);
    if (timed && ms > bound) faults.push(`p99 is ${Math.round(ms)} ms ${RECOVERY_MS} ms after ${trouble}`);
    return ms;
  });
  const outcomes = {};
  for (const { outcome, idempotent } of ended) {
    const key = `${outcome}${idempotent ? '' : ' (not idempotent)'}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
  }
  const text = [
    `${made} requests, ${troubles.length} troubles: ${percent(success)} of the idempotent ones have a reply`,
    ...Object.entries(outcomes).map(([outcome, count]) => `  ${outcome}: ${count}`),
    `p99 ${Math.round(before)} ms before, at most ${Math.round(Math.max(...recovered))} ms from ${RECOVERY_MS} ms after a trouble on`,
    `${retries} retries, ${hedges} hedges, ${late} answers too late`,
    ...faults.map((fault) => `FAULT: ${fault}`),
  ].join('\n');
  return { text, faults, made, outcomes, success, before, recovered, troubles: troubles.length };
}

function p99(requests) {
  const times = requests.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

function percent(share) {
  return `${(share * 100).toFixed(3)} %`;
}
