import { policyName, type WorkerPolicyName } from '../../routing/calls/policy-names.js';
import type { WorkerGroup } from './worker-group.js';

/** A worker of a group. */
export interface ServiceInstance {
  readonly session: number;
  /** As the client calls itself. */
  readonly client: string;
  /** SemVer; empty when it says none. */
  readonly version: string;
  /** Requests that it takes at once, and those that it has. */
  readonly concurrency: number;
  readonly outstanding: number;
  /** Its own word. */
  readonly ready: boolean;
  /** It failed too often one after the other, and gets no requests for a while. */
  readonly ejected: boolean;
  /** Since it serves: requests that it ended with a reply, and with an error. */
  readonly replied: number;
  readonly failed: number;
}

/** A group of workers. */
export interface ServiceInfo {
  /** Subject or filter that it serves. */
  readonly subject: string;
  /** Empty for the group without a name. */
  readonly group: string;
  /** As its workers ask for it. */
  readonly policy: WorkerPolicyName;
  /** Requests that wait for a worker. */
  readonly waiting: number;
  /** Since the group began: requests handed to workers, ended by them with a reply, and with an error. */
  readonly handed: number;
  readonly replied: number;
  readonly failed: number;
  /** Requests handed to workers, of the last ten seconds. */
  readonly perSecond: number;
  /** From a request's admission to its last reply, lately; null before there are enough. Milliseconds. */
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
  readonly instances: readonly ServiceInstance[];
}

/** Who serves what at this moment, in the order of subjects and groups. */
export function serviceInfos(groups: Iterable<WorkerGroup>, nowMs: number): ServiceInfo[] {
  return [...groups]
    .sort((a, b) => compare(a.filter, b.filter) || compare(a.name, b.name))
    .map((group) => ({
      ...{ subject: group.filter, group: group.name, policy: policyName(group.policyNumber)! },
      waiting: group.queue.size,
      ...{ handed: group.handed, replied: group.replied, failed: group.failed },
      perSecond: group.rate.perSecond(nowMs),
      ...{ medianMs: group.median.valueMs ?? null, p99Ms: group.tail.valueMs ?? null },
      instances: [...group.workers].map((worker) => ({
        ...{ session: worker.session.memberId, client: worker.session.name, version: worker.version },
        ...{ concurrency: worker.concurrency, outstanding: worker.outstanding },
        ...{ ready: worker.able, ejected: worker.standing.isEjected },
        ...{ replied: worker.replied, failed: worker.failed },
      })),
    }));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
