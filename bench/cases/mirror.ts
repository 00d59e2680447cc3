import { type BenchCase, OURS, type Readings, type RunContext } from '../bench-case.js';
import { mirrorReport, putExperiment, resetMirrorReport } from '../experiments-http.js';
import { startRequestServer } from '../peers/index.js';
import type { PacedLoad } from '../processes/paced-requester.js';
import type { RequestLatencies } from '../processes/requester.js';
import { REQUEST_SUBJECT } from '../requests/request-driver.js';

/**
 * Few enough for four processes on two cores: requester, broker and both versions of the service. At saturation it would be the
 * CPU time of the second version that is seen.
 */
const REQUESTS_PER_SECOND = 2_000;
/** About as many copies a second as the broker makes of them with its default limits. */
const COPIES_PER_SECOND = 170;
/** The window is so many times as long as that of other cases: a twentieth of what is made is too few for a percentile. */
const WINDOWS = 3;

const EXPERIMENT = {
  ...{ name: 'bench', subject: REQUEST_SUBJECT, default: 'control' },
  variants: [
    { name: 'control', version: '^1', weight: 100 },
    { name: 'shadow', version: '^2', weight: 0 },
  ],
};

export const requestMirror: BenchCase = {
  name: 'request-mirror-256B',
  about: `latency of ${REQUESTS_PER_SECOND} requests a second to one version of a service, with a mirror of all requests to another version, whose process is on the same machine (modwire), without the mirror (modwire-alone), and with as many requests to that process through another broker instead (modwire-elsewhere)`,
  metrics: [
    { name: 'p99', unit: 'µs', better: 'lower' },
    { name: 'p50', unit: 'µs', better: 'lower' },
    { name: 'mirrored', unit: '%', better: 'higher' },
    { name: 'compared', unit: '%', better: 'higher' },
  ],
  systems: ['modwire', 'modwire-alone', 'modwire-elsewhere'],
  targets: { 'modwire-alone': 0.95 },
  run: (system, context) => measure(system, context),
};

/** Of all requests, so many were copied, and so many compared. */
async function measure(system: string, { processes, warmupMs, windowMs }: RunContext): Promise<Readings> {
  const { url } = await startRequestServer('modwire', processes);
  const mirror = { variant: 'shadow', percent: system === OURS ? 100 : 0 };
  await putExperiment(url, { ...EXPERIMENT, mirror });
  await processes.fork('responder', ['modwire-v1']).ask('serve', { url });
  // What a busier machine costs, and mirroring not.
  const isElsewhere = system === 'modwire-elsewhere';
  const shadowUrl = isElsewhere ? (await startRequestServer('modwire', processes)).url : url;
  await processes.fork('responder', ['modwire-v2']).ask('serve', { url: shadowUrl });
  if (isElsewhere) {
    const other = { url: shadowUrl, perSecond: COPIES_PER_SECOND, warmupMs: 0, windowMs: 3_600_000 };
    const asking = processes.fork('paced-requester', ['modwire-v2']).ask('run', other);
    // It ends with the run.
    asking.catch(() => {});
  }
  const requester = processes.fork('paced-requester', ['modwire-v1']);
  const load: PacedLoad = { url, perSecond: REQUESTS_PER_SECOND, warmupMs: 0, windowMs: warmupMs * WINDOWS };
  await requester.ask('run', load);
  await resetMirrorReport(url, EXPERIMENT.name);
  const window = { ...load, windowMs: windowMs * WINDOWS };
  const { p99, p50, replies } = await requester.ask<RequestLatencies>('run', window);
  const { mirrored, differences } = await mirrorReport(url, EXPERIMENT.name);
  if (differences.differing > 0) throw new Error(`${differences.differing} replies differ from their copies`);
  if (system === OURS && differences.requests === 0) throw new Error('nothing was mirrored and compared');
  const [copies, comparisons] = [mirrored, differences.requests].map((count) => (count / replies) * 100);
  return { p99, p50, mirrored: copies!, compared: comparisons! };
}
