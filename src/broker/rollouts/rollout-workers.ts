import { filtersOverlap } from '../../codec/subject.js';
import type { WorkerCount } from '../../routing/rollouts/measurements.js';
import type { VersionRange } from '../../routing/version-range.js';
import type { BrokerWorker, WorkerGroup } from '../calls/worker-group.js';

/** Workers of one version, and what they have. */
export interface BusyWorkers extends WorkerCount {
  /** Requests that they have not ended. */
  readonly outstanding: number;
}

/** What is to be known of a group of workers. */
type CountedGroup = Pick<WorkerGroup, 'filter'> & {
  readonly workers: Iterable<Pick<BrokerWorker, 'version' | 'concurrency' | 'outstanding' | 'ready'>>;
};

/** Counts the workers with a version in a range that serve some of the subjects of a filter; one for each of its services. */
export function countWorkers(
  groups: Iterable<CountedGroup>,
  subject: string,
  range: VersionRange,
): BusyWorkers {
  let workers = 0;
  let concurrency = 0;
  let outstanding = 0;
  for (const group of groups) {
    if (!filtersOverlap(group.filter, subject)) continue;
    for (const worker of group.workers) {
      if (worker.version === '' || !range.includes(worker.version)) continue;
      workers++;
      outstanding += worker.outstanding;
      if (worker.ready) concurrency += worker.concurrency;
    }
  }
  return { workers, concurrency, outstanding };
}
