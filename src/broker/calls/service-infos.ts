import { policyName, type WorkerPolicyName } from '../../routing/calls/policy-names.js';
import { compareVersions } from '../../routing/version-range.js';
import type { ServiceFigures } from './service-figures.js';
import type { WorkerGroup } from './worker-group.js';

/** A worker of a group. */
export interface ServiceInstance {
  readonly session: number;
  /** As the client calls itself. */
  readonly client: string;
  /** SemVer; empty when it says none. */
  readonly version: string;
  /** Ids of the schemas that it reads, in hex; empty when it takes whatever comes. */
  readonly reads: readonly string[];
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

/** What is counted of workers together. */
export interface ServiceCounts {
  /** Requests handed to workers, ended by them with a reply, and with an error. */
  readonly handed: number;
  readonly replied: number;
  readonly failed: number;
  /** Requests handed to workers, of the last ten seconds. */
  readonly perSecond: number;
  /** From a request's admission to its last reply, lately; null before there are enough. Milliseconds. */
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
}

/** The workers of one version in a group. Counted since the first of those that are there came. */
export interface VersionInfo extends ServiceCounts {
  /** SemVer; empty for those that say none. */
  readonly version: string;
  readonly instances: number;
  /** Requests that those that take any take at once, and those that all have. */
  readonly concurrency: number;
  readonly outstanding: number;
}

/** A group of workers. Counted since the group began. */
export interface ServiceInfo extends ServiceCounts {
  /** Subject or filter that it serves. */
  readonly subject: string;
  /** Empty for the group without a name. */
  readonly group: string;
  /** As its workers ask for it. */
  readonly policy: WorkerPolicyName;
  /** Requests that wait for a worker. */
  readonly waiting: number;
  /** In the order of versions, those without one first. */
  readonly versions: readonly VersionInfo[];
  readonly instances: readonly ServiceInstance[];
}

/** Who serves what at this moment, in the order of subjects and groups. */
export function serviceInfos(groups: Iterable<WorkerGroup>, nowMs: number): ServiceInfo[] {
  return [...groups]
    .sort((a, b) => compare(a.filter, b.filter) || compare(a.name, b.name))
    .map((group) => ({
      ...{ subject: group.filter, group: group.name, policy: policyName(group.policyNumber)! },
      waiting: group.queue.size,
      ...countsOf(group.figures, nowMs),
      versions: versionInfos(group, nowMs),
      instances: [...group.workers].map((worker) => ({
        ...{ session: worker.session.memberId, client: worker.session.name, version: worker.version },
        reads: worker.reads,
        ...{ concurrency: worker.concurrency, outstanding: worker.outstanding },
        ...{ ready: worker.able, ejected: worker.standing.isEjected },
        ...{ replied: worker.replied, failed: worker.failed },
      })),
    }));
}

function versionInfos(group: WorkerGroup, nowMs: number): VersionInfo[] {
  return [...group.figuresOfVersions]
    .sort(([a], [b]) => compareVersions(a, b))
    .map(([version, figures]) => {
      const workers = [...group.workers].filter((worker) => worker.version === version);
      const able = workers.filter(({ ready }) => ready);
      return {
        ...{ version, instances: workers.length },
        concurrency: able.reduce((sum, { concurrency }) => sum + concurrency, 0),
        outstanding: workers.reduce((sum, { outstanding }) => sum + outstanding, 0),
        ...countsOf(figures, nowMs),
      };
    });
}

function countsOf(figures: ServiceFigures, nowMs: number): ServiceCounts {
  const { handed, replied, failed, rate, median, tail } = figures;
  const perSecond = rate.perSecond(nowMs);
  return {
    handed,
    replied,
    failed,
    perSecond,
    medianMs: median.valueMs ?? null,
    p99Ms: tail.valueMs ?? null,
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
