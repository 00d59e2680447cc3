import { WorkerPolicy as PolicyNumber } from '../../codec/generated/modwire/control/worker-policy.js';
import { BySchemaId } from '../../codec/schema-ids.js';
import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { LeastOutstanding } from '../../routing/calls/least-outstanding.js';
import { OutlierEjection } from '../../routing/calls/outlier-ejection.js';
import { POLICY_NAMES } from '../../routing/calls/policy-names.js';
import { RoundRobin } from '../../routing/calls/round-robin.js';
import { ServiceTime } from '../../routing/calls/service-time.js';
import { StickyKeys } from '../../routing/calls/sticky-keys.js';
import { WaitingQueue } from '../../routing/calls/waiting-queue.js';
import { type Eligible, hasRoom, type WorkerPolicy } from '../../routing/calls/worker-policy.js';
import type { Call } from './call.js';
import type { Caller } from './caller.js';
import { isEligible } from './eligibility.js';
import type { SchemaReaders } from './schema-readers.js';
import { ServiceFigures } from './service-figures.js';
import type { Worker } from './worker.js';

/** A request as groups have it, its caller, and a worker. */
export type BrokerCall = Call<BrokerWorker, WorkerGroup>;
export type BrokerCaller = Caller<BrokerCall>;
export type BrokerWorker = Worker<BrokerCall, WorkerGroup>;

export interface WorkerGroupHost {
  readonly limits: Limits;
  readonly readers: SchemaReaders;
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

/** Lanes in which requests wait at once. */
const MAX_LANES = 256;

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
  readonly outliers: OutlierEjection<BrokerWorker>;
  readonly figures = new ServiceFigures();
  /** By version of those that are in. */
  readonly figuresOfVersions = new Map<string, ServiceFigures>();
  readonly #readers: SchemaReaders;
  readonly #schemaIds = new BySchemaId((schemaId) => schemaId);
  readonly #choice: Choice;
  /** Workers that do not take whatever comes. */
  #narrowCount = 0;

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
    this.#readers = host.readers;
    this.#choice = new Choice(this);
    const { maxQueuedCalls, maxQueuedCallBytes, callAgeingMs } = host.limits;
    this.queue = new WaitingQueue({
      maxItems: maxQueuedCalls,
      maxBytes: maxQueuedCallBytes,
      maxLanes: MAX_LANES,
      ageingMs: callAgeingMs,
      expired: host.expired,
    });
    this.outliers = new OutlierEjection({
      ejected: () => undefined,
      readmitted: () => host.readmitted(this),
    });
  }

  /** Whether it has a worker that takes requests, now or when it is less busy. */
  get isServed(): boolean {
    for (const worker of this.workers) if (worker.ready) return true;
    return false;
  }

  /** Whether some of its workers read only some schemas. */
  get isNarrow(): boolean {
    return this.#narrowCount > 0;
  }

  /** Whether a worker may have a call at all: by its version, and by what it reads. */
  mayHave(worker: BrokerWorker, call: BrokerCall): boolean {
    const { eligibility } = call;
    if (eligibility !== undefined && !isEligible(worker, eligibility)) return false;
    return this.canRead(worker, call);
  }

  /** Whether a worker reads the schema of a call. */
  canRead(worker: BrokerWorker, call: BrokerCall): boolean {
    return this.#narrowCount === 0 || this.#readers.canRead(worker.reads, this.#schemaIdOf(call));
  }

  /** Whether some worker may have a call, be it ready or not. */
  hasAnyFor(call: BrokerCall): boolean {
    for (const worker of this.workers) if (this.mayHave(worker, call)) return true;
    return false;
  }

  /** Whether a worker that may have a call takes requests, now or when it is less busy. */
  isServedFor(call: BrokerCall): boolean {
    for (const worker of this.workers) if (worker.ready && this.mayHave(worker, call)) return true;
    return false;
  }

  /** The same of the others. */
  isServedBesides(one: BrokerWorker, call: BrokerCall): boolean {
    for (const worker of this.workers) {
      if (worker !== one && worker.ready && this.mayHave(worker, call)) return true;
    }
    return false;
  }

  /** Whether one of those that may have a call can take a request now. */
  hasRoomFor(call: BrokerCall): boolean {
    for (const worker of this.workers) if (hasRoom(worker) && this.mayHave(worker, call)) return true;
    return false;
  }

  /** Requests that those that may have a call take at once in all. */
  concurrencyFor(call: BrokerCall): number {
    let sum = 0;
    for (const worker of this.workers) {
      if (worker.ready && this.mayHave(worker, call)) sum += worker.concurrency;
    }
    return sum;
  }

  /** Who gets a call: somebody that may have it and has room, and not who has rejected it, unless nobody else takes it. */
  choose(call: BrokerCall): BrokerWorker | undefined {
    const { eligibility, rejectedBy, keyHash } = call;
    if (eligibility === undefined && rejectedBy === undefined && this.#narrowCount === 0) {
      return this.policy.choose(keyHash, undefined);
    }
    return this.policy.choose(keyHash, this.#choice.of(call));
  }

  /** Name of the lane in which a call waits: the same for all that the same workers may have. */
  laneOf(call: BrokerCall): string {
    const lane = call.eligibility?.lane ?? '';
    return this.#narrowCount === 0 ? lane : `${this.#schemaIdOf(call)} ${lane}`;
  }

  join(worker: BrokerWorker): void {
    worker.standing = this.outliers.join(worker);
    worker.figures = this.figuresOfVersions.get(worker.version) ?? new ServiceFigures();
    this.figuresOfVersions.set(worker.version, worker.figures);
    this.workers.add(worker);
    this.policy.add(worker);
    // From now on what is in a lane depends on schemas.
    if (worker.reads.length > 0 && this.#narrowCount++ === 0)
      this.queue.rearrange((call) => this.laneOf(call));
  }

  leave(worker: BrokerWorker): void {
    if (!this.workers.delete(worker)) return;
    this.policy.remove(worker);
    this.outliers.leave(worker.standing);
    if (worker.reads.length > 0) this.#narrowCount--;
    for (const { version } of this.workers) if (version === worker.version) return;
    this.figuresOfVersions.delete(worker.version);
  }

  #schemaIdOf(call: BrokerCall): string {
    call.schemaId ??= this.#schemaIds.of(call.frame);
    return call.schemaId;
  }
}

/** Whom of a group one call may go to; used for one after the other, so that a choice makes nothing. */
class Choice implements Eligible<BrokerWorker> {
  readonly #group: WorkerGroup;
  #call!: BrokerCall;
  /** Who has rejected it, when there are others. */
  #avoided: BrokerWorker | undefined;

  constructor(group: WorkerGroup) {
    this.#group = group;
  }

  of(call: BrokerCall): this {
    const { rejectedBy } = call;
    const group = this.#group;
    this.#call = call;
    this.#avoided =
      rejectedBy !== undefined && group.isServedBesides(rejectedBy, call) ? rejectedBy : undefined;
    return this;
  }

  admits(worker: BrokerWorker): boolean {
    return worker !== this.#avoided && this.#group.mayHave(worker, this.#call);
  }
}
