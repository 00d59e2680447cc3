import { WorkerPolicy as PolicyNumber } from '../../codec/generated/modwire/control/worker-policy.js';
import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { LatencyPercentile } from '../../routing/calls/latency-percentile.js';
import { LeastOutstanding } from '../../routing/calls/least-outstanding.js';
import { OutlierEjection } from '../../routing/calls/outlier-ejection.js';
import { RoundRobin } from '../../routing/calls/round-robin.js';
import { ServiceTime } from '../../routing/calls/service-time.js';
import { StickyKeys } from '../../routing/calls/sticky-keys.js';
import { WaitingQueue } from '../../routing/calls/waiting-queue.js';
import { hasRoom, type WorkerPolicy } from '../../routing/calls/worker-policy.js';
import type { Call } from './call.js';
import type { Worker } from './worker.js';

export interface WorkerGroupHost {
  readonly limits: Limits;
  /** Numbers from 0 to 1, without 1. */
  readonly random: () => number;
  /** The time of a request that waits has run out. */
  readonly expired: (call: Call) => void;
  /** A worker may have calls again. */
  readonly readmitted: (group: WorkerGroup) => void;
}

const POLICIES: Readonly<Record<number, (random: () => number) => WorkerPolicy<Worker>>> = {
  [PolicyNumber.least_outstanding]: (random) => new LeastOutstanding(random),
  [PolicyNumber.round_robin]: () => new RoundRobin(),
  [PolicyNumber.consistent_hash]: () => new StickyKeys(),
};

/** Workers that share the requests of the subjects that a filter selects, and the requests that wait for them. */
export class WorkerGroup {
  /** A subject or a filter. */
  readonly filter: string;
  /** Empty for the group without a name. */
  readonly name: string;
  readonly policyNumber: number;
  readonly policy: WorkerPolicy<Worker>;
  readonly workers = new Set<Worker>();
  readonly queue: WaitingQueue<Call>;
  readonly serviceTime = new ServiceTime();
  /** Of calls from admission to their end, of the last minutes. */
  readonly median = new LatencyPercentile(0.5);
  readonly tail = new LatencyPercentile(0.99);
  readonly outliers: OutlierEjection<Worker>;
  /** Since the start: calls handed to a worker. */
  handed = 0;

  /** Throws INVALID_ARGUMENT for a policy that this version does not know. */
  constructor(filter: string, name: string, policyNumber: number, host: WorkerGroupHost) {
    const makePolicy = POLICIES[policyNumber];
    if (makePolicy === undefined) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'policy not supported',
        expected: Object.keys(POLICIES)
          .map((number) => PolicyNumber[Number(number)])
          .join(', '),
        got: String(policyNumber),
        where: `service ${filter}`,
      });
    }
    this.filter = filter;
    this.name = name;
    this.policyNumber = policyNumber;
    this.policy = makePolicy(host.random);
    const { maxQueuedCalls, maxQueuedCallBytes, callAgeingMs } = host.limits;
    this.queue = new WaitingQueue({
      maxItems: maxQueuedCalls,
      maxBytes: maxQueuedCallBytes,
      ageingMs: callAgeingMs,
      expired: host.expired,
    });
    this.outliers = new OutlierEjection({
      ejected: () => undefined,
      readmitted: () => host.readmitted(this),
    });
  }

  /** Requests that its workers take at once in all. */
  get concurrency(): number {
    let sum = 0;
    for (const worker of this.workers) if (worker.ready) sum += worker.concurrency;
    return sum;
  }

  /** Whether it has a worker that takes requests, now or when it is less busy. */
  get isServed(): boolean {
    for (const worker of this.workers) if (worker.ready) return true;
    return false;
  }

  /** Whether one of them can take a request now. */
  get hasRoom(): boolean {
    for (const worker of this.workers) if (hasRoom(worker)) return true;
    return false;
  }

  /** A call took so long from its admission to its reply. */
  observe(latencyMs: number, nowMs: number): void {
    this.median.record(latencyMs, nowMs);
    this.tail.record(latencyMs, nowMs);
  }

  join(worker: Worker): void {
    worker.standing = this.outliers.join(worker);
    this.workers.add(worker);
    this.policy.add(worker);
  }

  leave(worker: Worker): void {
    if (!this.workers.delete(worker)) return;
    this.policy.remove(worker);
    this.outliers.leave(worker.standing);
  }
}
