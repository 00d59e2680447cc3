import { type BenchCase, OURS, type Readings, type RunContext } from '../bench-case.js';
import { mirrorReport, putExperiment, resetMirrorReport } from '../experiments-http.js';
import { startRequestServer } from '../peers/index.js';
import type { ProcessGroup } from '../process-group.js';
import type { PacedLoad } from '../processes/paced-requester.js';
import type { RequestLatencies } from '../processes/requester.js';
import { REQUEST_SUBJECT } from '../requests/request-driver.js';

/**
 * Few enough for four processes on two cores: requester, broker and both versions of the service. At saturation it would be the
 * CPU time of the second version that is seen.
 */
const REQUESTS_PER_SECOND = 2_000;
/** As many copies a second as the broker makes at most with its default limits, once its code is compiled. */
const COPIES_PER_SECOND = 40;
/** The window is so many times as long as that of other cases: a twentieth of what is made is too few for a percentile. */
const WINDOWS = 3;

/** Both versions get so much of the requests, in percent. */
function divided(control: number, shadow: number) {
  return {
    ...{ name: 'bench', subject: REQUEST_SUBJECT, default: 'control' },
    variants: [
      { name: 'control', version: '^1', weight: control },
      { name: 'shadow', version: '^2', weight: shadow },
    ],
  };
}

const EXPERIMENT = divided(100, 0);

export const requestMirror: BenchCase = {
  name: 'request-mirror-256B',
  about: `latency of ${REQUESTS_PER_SECOND} requests a second to one version of a service, with a mirror of all requests to another version, whose process is on the same machine (modwire), without the mirror (modwire-alone), and with ${COPIES_PER_SECOND} requests a second to that process through another broker instead (modwire-elsewhere)`,
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
  await processes.fork('responder', ['modwire-v1']).ask('serve', { url });
  // What a busier machine costs, and mirroring not.
  const isElsewhere = system === 'modwire-elsewhere';
  const shadowUrl = isElsewhere ? (await startRequestServer('modwire', processes)).url : url;
  await processes.fork('responder', ['modwire-v2']).ask('serve', { url: shadowUrl });
  const requester = processes.fork('paced-requester', ['modwire-v1']);
  const load: PacedLoad = { url, perSecond: REQUESTS_PER_SECOND, warmupMs: 0, windowMs: warmupMs * WINDOWS };
  // Copies alone are too few to have the second version compiled: what is measured is one that has been in service.
  await putExperiment(url, divided(50, 50));
  if (isElsewhere) await warmElsewhere(processes, { ...load, url: shadowUrl });
  await requester.ask('run', load);
  const mirror = { variant: 'shadow', percent: system === OURS ? 100 : 0 };
  await putExperiment(url, { ...EXPERIMENT, mirror });
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

/** The same for the other broker; then it has as many requests as there would be copies, until the run ends. */
async function warmElsewhere(processes: ProcessGroup, load: PacedLoad): Promise<void> {
  const requester = processes.fork('paced-requester', ['modwire-v2']);
  await requester.ask('run', load);
  const asking = requester.ask('run', { ...load, perSecond: COPIES_PER_SECOND, windowMs: 3_600_000 });
  asking.catch(() => {});
}
