import { WorkerPolicy as PolicyNumber } from '../../codec/generated/modwire/control/worker-policy.js';
import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { EventRate } from '../../routing/calls/event-rate.js';
import { LatencyPercentile } from '../../routing/calls/latency-percentile.js';
import { LeastOutstanding } from '../../routing/calls/least-outstanding.js';
import { OutlierEjection } from '../../routing/calls/outlier-ejection.js';
import { POLICY_NAMES } from '../../routing/calls/policy-names.js';
import { RoundRobin } from '../../routing/calls/round-robin.js';
import { ServiceTime } from '../../routing/calls/service-time.js';
import { StickyKeys } from '../../routing/calls/sticky-keys.js';
import { WaitingQueue } from '../../routing/calls/waiting-queue.js';
import { hasRoom, type WorkerPolicy } from '../../routing/calls/worker-policy.js';
import type { Call } from './call.js';
import type { Caller } from './caller.js';
import type { Worker } from './worker.js';

/** A request as groups have it, its caller, and a worker. */
export type BrokerCall = Call<BrokerWorker, WorkerGroup>;
export type BrokerCaller = Caller<BrokerCall>;
export type BrokerWorker = Worker<BrokerCall, WorkerGroup>;

export interface WorkerGroupHost {
  readonly limits: Limits;
  /** Numbers from 0 to 1, without 1. */
  readonly random: () => number;
  /** The time of a request that waits has run out. */
  readonly expired: (call: BrokerCall) => void;
  /** A worker may have calls again. */
  readonly readmitted: (group: WorkerGroup) => void;
}

const POLICIES: Readonly<Record<number, (random: () => number) => WorkerPolicy<BrokerWorker>>> = {
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
  readonly policy: WorkerPolicy<BrokerWorker>;
  readonly workers = new Set<BrokerWorker>();
  readonly queue: WaitingQueue<BrokerCall>;
  readonly serviceTime = new ServiceTime();
  /** Of calls from admission to their end, of the last minutes. */
  readonly median = new LatencyPercentile(0.5);
  readonly tail = new LatencyPercentile(0.99);
  readonly outliers: OutlierEjection<BrokerWorker>;
  readonly rate = new EventRate();
  /** Since the group began: calls handed to a worker, and those that workers ended with a reply, and with an error. */
  handed = 0;
  replied = 0;
  failed = 0;

  /** Throws INVALID_ARGUMENT for a policy that this version does not know. */
  constructor(filter: string, name: string, policyNumber: number, host: WorkerGroupHost) {
    const makePolicy = POLICIES[policyNumber];
    if (makePolicy === undefined) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'policy not supported',
        expected: POLICY_NAMES.join(', '),
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

  /** The same of the others. */
  isServedBesides(one: BrokerWorker): boolean {
    for (const worker of this.workers) if (worker !== one && worker.ready) return true;
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

  join(worker: BrokerWorker): void {
    worker.standing = this.outliers.join(worker);
    this.workers.add(worker);
    this.policy.add(worker);
  }

  leave(worker: BrokerWorker): void {
    if (!this.workers.delete(worker)) return;
    this.policy.remove(worker);
    this.outliers.leave(worker.standing);
  }
}
