import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import { toHex } from '../../codec/message-id.js';
import { checkFilter } from '../../codec/subject.js';
import { SubjectTable } from '../../codec/subject-table.js';
import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { policyName } from '../../routing/calls/policy-names.js';
import { isMoreSpecific } from '../../routing/specificity.js';
import { TokenTrie } from '../../routing/token-trie.js';
import { checkVersion } from '../../routing/version-range.js';
import type { Session } from '../session.js';
import { Worker } from './worker.js';
import { type BrokerWorker, WorkerGroup, type WorkerGroupHost } from './worker-group.js';

/** Subjects of which it is remembered who serves them; beyond it the memory starts anew. */
const MAX_REMEMBERED = 65_536;

/** Longest name of a group. Characters. */
const MAX_NAME_LENGTH = 256;

/** Most schemas that a worker may say it reads. */
const MAX_READS = 64;

/** Who serves what. */
export class Services {
  readonly #limits: Limits;
  readonly #host: WorkerGroupHost;
  readonly #groups = new Map<string, WorkerGroup>();
  readonly #filters = new TokenTrie<WorkerGroup>();
  readonly #workers = new Map<Session, Map<number, BrokerWorker>>();
  /** Those that take no more requests and have not ended all that they were handed. */
  readonly #leaving = new Map<Session, Set<BrokerWorker>>();
  #subjects = new SubjectTable<readonly WorkerGroup[]>();

  constructor(host: WorkerGroupHost) {
    this.#limits = host.limits;
    this.#host = host;
  }

  get groups(): Iterable<WorkerGroup> {
    return this.#groups.values();
  }

  /** The groups that select the subject of a verified frame, in the order of preference. */
  groupsOf(frame: FrameView): readonly WorkerGroup[] {
    const known = this.#subjects.find(frame);
    if (known !== undefined) return known;
    const groups: WorkerGroup[] = [];
    this.#filters.selecting(frame.subject, (group) => groups.push(group));
    // Sorting is stable, and the trie visits groups of one filter in the order in which they came.
    groups.sort((a, b) => rank(a, b));
    if (this.#subjects.size >= MAX_REMEMBERED) this.#subjects = new SubjectTable();
    this.#subjects.add(frame, groups);
    return groups;
  }

  /** Makes a session a worker. Throws INVALID_ARGUMENT, ALREADY_EXISTS, RESOURCE_EXHAUSTED, FAILED_PRECONDITION. */
  serve(session: Session, request: ControlOf<'serve'>): BrokerWorker {
    const { service, subject: filter, group: name, version, concurrency, policy } = request;
    checkFilter(filter);
    checkGroupName(name, filter);
    if (version !== '') checkVersion(version);
    const reads = [...new Set(request.reads.map(toHex))];
    if (reads.length > MAX_READS) {
      throw refused('too many schemas', `at most ${MAX_READS} that it reads`, String(reads.length), filter);
    }
    this.#checkConcurrency(concurrency, filter);
    const own = this.#workers.get(session) ?? new Map<number, BrokerWorker>();
    if (service === 0) throw refused('not a number of a service', 'a number from 1', '0', filter);
    if (own.has(service)) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'number of a service in use',
        expected: 'one that this session does not use',
        got: String(service),
        where: `service ${filter}`,
      });
    }
    if (own.size >= this.#limits.maxServices) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too many services',
        expected: `at most maxServices = ${this.#limits.maxServices} in one session`,
        got: 'one more',
        where: `service ${filter}`,
      });
    }
    const group = this.#group(filter, name, policy);
    const worker: BrokerWorker = new Worker(
      session,
      service,
      freeName(group, session.name),
      version,
      reads,
      group,
      concurrency,
    );
    group.join(worker);
    own.set(service, worker);
    this.#workers.set(session, own);
    return worker;
  }

  /** The worker takes no more requests. Throws NOT_FOUND. */
  unserve(session: Session, service: number): BrokerWorker {
    const worker = this.workerOf(session, service);
    this.#workers.get(session)!.delete(service);
    if (worker.outstanding > 0) {
      const leaving = this.#leaving.get(session);
      if (leaving === undefined) this.#leaving.set(session, new Set([worker]));
      else leaving.add(worker);
    }
    this.#retire(worker);
    return worker;
  }

  /** A worker has ended a call. */
  released(worker: BrokerWorker): void {
    if (!worker.leaving || worker.outstanding > 0) return;
    const leaving = this.#leaving.get(worker.session);
    if (leaving?.delete(worker) && leaving.size === 0) this.#leaving.delete(worker.session);
  }

  /** How much a worker can do. Throws NOT_FOUND, INVALID_ARGUMENT. */
  capacity(session: Session, { service, concurrency, ready }: ControlOf<'capacity'>): BrokerWorker {
    const worker = this.workerOf(session, service);
    this.#checkConcurrency(concurrency, worker.group.filter);
    worker.concurrency = concurrency;
    worker.able = ready;
    return worker;
  }

  workerOf(session: Session, service: number): BrokerWorker {
    const worker = this.#workers.get(session)?.get(service);
    if (worker !== undefined) return worker;
    throw new ModwireError('NOT_FOUND', {
      what: 'no such service',
      expected: 'the number of a service of this session',
      got: String(service),
    });
  }

  /** Forgets a session that is gone; returns what were its workers. */
  forget(session: Session): BrokerWorker[] {
    const serving = [...(this.#workers.get(session)?.values() ?? [])];
    const leaving = this.#leaving.get(session) ?? [];
    this.#workers.delete(session);
    this.#leaving.delete(session);
    for (const worker of serving) this.#retire(worker);
    return [...serving, ...leaving];
  }

  /** Forgets a group without workers for which nothing waits. */
  sweep(group: WorkerGroup): void {
    if (group.workers.size > 0 || group.queue.size > 0) return;
    const key = keyOf(group.filter, group.name);
    // Another one may have its name by now.
    if (this.#groups.get(key) !== group) return;
    this.#groups.delete(key);
    this.#filters.delete(group.filter, group);
    this.#subjects = new SubjectTable();
  }

  /** Takes a worker out of its group, and the group out when nobody is left and nothing waits. */
  #retire(worker: BrokerWorker): void {
    worker.leaving = true;
    worker.group.leave(worker);
    this.sweep(worker.group);
  }

  #group(filter: string, name: string, policy: number): WorkerGroup {
    const key = keyOf(filter, name);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new WorkerGroup(filter, name, policy, this.#host);
      this.#groups.set(key, group);
      this.#filters.add(filter, group);
      this.#subjects = new SubjectTable();
    } else if (group.policyNumber !== policy) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'the group has another policy',
        expected: policyName(group.policyNumber)!,
        got: policyName(policy) ?? String(policy),
        where: `service ${filter}, group ${JSON.stringify(name)}`,
        advice: 'let all workers of a group ask for the same policy',
      });
    }
    return group;
  }

  #checkConcurrency(concurrency: number, filter: string): void {
    const { maxConcurrency } = this.#limits;
    if (concurrency >= 1 && concurrency <= maxConcurrency) return;
    throw refused(
      'concurrency is not valid',
      `1 to maxConcurrency = ${maxConcurrency}`,
      String(concurrency),
      filter,
    );
  }
}

function checkGroupName({ length }: string, filter: string): void {
  if (length <= MAX_NAME_LENGTH) return;
  throw refused('name of a group too long', `at most ${MAX_NAME_LENGTH} characters`, String(length), filter);
}

/** Groups with the more specific filter first. */
function rank(a: WorkerGroup, b: WorkerGroup): number {
  if (isMoreSpecific(a.filter, b.filter)) return -1;
  return isMoreSpecific(b.filter, a.filter) ? 1 : 0;
}

/** Clients may have the same name: the second gets a number. */
function freeName(group: WorkerGroup, clientName: string): string {
  const taken = new Set([...group.workers].map(({ name }) => name));
  let name = clientName;
  for (let number = 2; taken.has(name); number++) name = `${clientName} ${number}`;
  return name;
}

function keyOf(filter: string, group: string): string {
  return `${filter} ${group}`;
}

function refused(what: string, expected: string, got: string, filter: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what, expected, got, where: `service ${filter}` });
}
