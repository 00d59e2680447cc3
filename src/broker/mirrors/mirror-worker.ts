import { type Eligibility, isEligible } from '../calls/eligibility.js';
import type { BrokerCall, BrokerWorker, WorkerGroup } from '../calls/worker-group.js';

/**
 * The worker that gets a copy of a call: the one with the fewest requests for its concurrency. `spare`: places that it has to keep free
 * for other requests. Says otherwise that there is none, or that none has room; one of a group for which requests wait has none.
 */
export function mirrorWorker(
  call: BrokerCall,
  groups: readonly WorkerGroup[],
  eligibility: Eligibility | undefined,
  spare: number,
): BrokerWorker | 'no-worker' | 'full' {
  let best: BrokerWorker | undefined;
  let isServed = false;
  for (const group of groups) {
    for (const worker of group.workers) {
      if (!worker.ready || !group.canRead(worker, call)) continue;
      if (eligibility !== undefined && !isEligible(worker, eligibility)) continue;
      isServed = true;
      if (group.queue.size > 0) break;
      if (worker.outstanding + spare >= worker.concurrency) continue;
      if (best === undefined || isLessLoaded(worker, best)) best = worker;
    }
  }
  return best ?? (isServed ? 'full' : 'no-worker');
}

function isLessLoaded(a: BrokerWorker, b: BrokerWorker): boolean {
  return (a.outstanding + 1) * b.concurrency < (b.outstanding + 1) * a.concurrency;
}
