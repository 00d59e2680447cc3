import { randomInt } from 'node:crypto';
import { FrameVerifier } from '../codec/frame-verifier.js';
import { matchesFilter } from '../codec/subject.js';
import { emit } from '../events.js';
import { kernels } from '../native/kernels.js';
import type { Registry } from '../registry/registry.js';
import { AudienceTable } from '../routing/audience.js';
import { SubjectRegistry } from '../routing/subject-registry.js';
import { measureOffloadBytes } from '../workers/measure-offload.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import { Acknowledgements } from './acknowledgements.js';
import { Admission } from './admission.js';
import { BoundContracts } from './bound-contracts.js';
import { Calls } from './calls/calls.js';
import { monotonicMs } from './clock.js';
import { ConsumerPressure } from './consumer-pressure.js';
import { consumerOperations } from './consumers/consumer-operations.js';
import { assembleConsumers, type ConsumerParts } from './consumers/consumer-parts.js';
import { ContractCalls } from './contract-calls.js';
import { ContractGates } from './contract-gates.js';
import { Controls } from './controls.js';
import { createDelivery, type Delivery } from './delivery.js';
import { DetourRoom } from './detour-room.js';
import { Detours } from './detours.js';
import { DirectDelivery } from './direct-delivery.js';
import { Assignments } from './experiments/assignments.js';
import type { Experiments } from './experiments/experiments.js';
import { Exposures } from './experiments/exposures.js';
import { FanOut } from './fan-out.js';
import { GroupDelivery } from './groups/group-delivery.js';
import { GroupMemberships } from './groups/group-memberships.js';
import { assembleHttp } from './http-parts.js';
import type { HttpRoutesParts } from './http-routes.js';
import { Ingress } from './ingress.js';
import { LiveConsumers } from './live-consumers.js';
import { Memberships } from './memberships.js';
import { Mirrors } from './mirrors/mirrors.js';
import { NarrowDelivery } from './narrow-delivery.js';
import { OffloadThreshold } from './offload-threshold.js';
import type { ResolvedBrokerOptions } from './options.js';
import { PublishCredit } from './publish-credit.js';
import { ReadingNotices } from './reading-notices.js';
import { RolloutEvents } from './rollouts/rollout-events.js';
import type { KeptRollout, RolloutFile } from './rollouts/rollout-file.js';
import { Rollouts } from './rollouts/rollouts.js';
import type { BrokerSubject, BrokerSubjects, Session } from './session.js';
import { readingOf } from './session-reading.js';
import { SessionWaits } from './session-waits.js';
import { SlowConsumers } from './slow-consumers.js';
import { Captures } from './streams/captures.js';
import { HistoryReading } from './streams/history-reading.js';
import { Operations } from './streams/operations.js';
import { Recorder } from './streams/recorder.js';
import { Recovery } from './streams/recovery.js';
import type { StreamHome } from './streams/stream-home.js';
import { streamOperations } from './streams/stream-operations.js';
import { assembleStreamRoutes } from './streams/stream-parts.js';
import { Streams } from './streams/streams.js';
import { SubscriptionHistory } from './subscription-history.js';
import { Subscriptions } from './subscriptions.js';
import type { Transport } from './transport.js';

/** Payloads from this size on go to the worker pool until it is known what pays here. Bytes. */
const INITIAL_OFFLOAD_BYTES = 64 * 1024;

/** A session gets no more credit once this part of maxDetourBytes waits for it. */
const WAITING_PART = 8;

export interface BrokerSurroundings {
  readonly options: ResolvedBrokerOptions;
  readonly transport: Transport;
  readonly registry: Registry;
  readonly streamHome: StreamHome;
  readonly experiments: Experiments;
  readonly rolloutFile: RolloutFile;
  readonly keptRollouts: readonly KeptRollout[];
  readonly work: WorkerPool;
  readonly sessionCount: () => number;
  readonly draining: () => boolean;
  /** A client has published its last frame to this broker. */
  readonly departing: (session: Session) => void;
  /** At the end of a turn in which something was sent. */
  readonly turnEnded: () => void;
}

/** The parts of a broker, which know each other. */
export interface BrokerParts {
  readonly subjects: BrokerSubjects;
  readonly memberships: Memberships;
  readonly subscriptions: Subscriptions;
  readonly fanOut: FanOut;
  readonly acks: Acknowledgements;
  readonly pressure: ConsumerPressure;
  readonly slowConsumers: SlowConsumers;
  readonly narrow: NarrowDelivery;
  readonly groups: GroupDelivery;
  readonly detours: Detours;
  readonly detourRoom: DetourRoom;
  readonly admission: Admission;
  readonly ingress: Ingress;
  readonly direct: DirectDelivery;
  readonly calls: Calls;
  readonly mirrors: Mirrors;
  readonly rollouts: Rollouts;
  readonly streams: Streams;
  readonly recovery: Recovery;
  readonly taking: ConsumerParts;
  readonly http: HttpRoutesParts;
}

/** Makes the parts of a broker and tells them of each other. */
export function assemble(surroundings: BrokerSurroundings): BrokerParts {
  const { options, transport, registry, experiments, work } = surroundings;
  const { limits } = options;
  const audiences = new AudienceTable<Session, Delivery<Session>>(createDelivery);
  const credit = new PublishCredit(limits.publishWindowBytes);
  const pressure = new ConsumerPressure(limits, credit, monotonicMs, surroundings.sessionCount);
  const memberships = new Memberships(audiences, (audience) => pressure.release(audience));
  const fanOut = new FanOut(
    transport,
    limits,
    (audience, byteLength) => pressure.publishing(audience, byteLength),
    surroundings.turnEnded,
  );
  const captures = new Captures();
  const notices = new ReadingNotices(fanOut);
  const readingFor = (session: Session, { text }: BrokerSubject, schemaId: string) =>
    readingOf(
      session,
      (filter) => matchesFilter(filter, text),
      (reader) => registry.reads(reader, schemaId),
    );
  const hasRoom = (session: Session) => {
    pressure.look(session);
    return pressure.hasCaughtUp(session);
  };
  const recovery = new Recovery({
    ...{ captures, fanOut, memberships, hasRoom },
    reading: new HistoryReading({ verifier: new FrameVerifier(), notices, readingOf: readingFor }),
  });
  const slowConsumers = new SlowConsumers({
    ...{ limits, policy: options.slowConsumerPolicy, fanOut, memberships, recovery },
    subjectsOf: (session, visit) => subscriptions.visitSubjects(session, visit),
    wantsHistory: (session, subject) => subscriptions.wantsHistory(session, subject),
    resumed: (session) => groups.resumed(session),
  });
  const subjects: BrokerSubjects = new SubjectRegistry({
    maxSubjects: limits.maxSubjects,
    idleMs: limits.subjectIdleMs,
    keptCount: (text) => captures.countOf(text),
    create: () => audiences.empty,
    created: (subject) => {
      memberships.assign(subject, subscriptions.interestedIn(subject.text));
      groupMemberships.assign(subject, subscriptions.membersOf(subject.text));
      gates.renew(subject);
      emit('modwire:subject.open', () => ({ subject: subject.text, epoch: subject.epoch }));
    },
    mayForget: ({ state, gate }) => {
      if (state.size > 0) return false;
      if (gate === undefined) return true;
      const { waiting, keeping, recovering, groups } = gate;
      if (waiting > 0 || keeping > 0 || recovering > 0) return false;
      return groups.every(({ sharers }) => sharers.size === 0);
    },
    forget: (subject) => {
      if (subject.gate !== undefined) narrow.widen(subject, subject.gate);
      memberships.retire(subject);
      groupMemberships.prune(subject);
      emit('modwire:subject.close', () => ({ subject: subject.text, epoch: subject.epoch }));
    },
  });
  const direct = new DirectDelivery(fanOut, limits);
  const groups = new GroupDelivery({
    ...{ limits, direct, pressure, fanOut },
    deserted: (subject) => {
      groupMemberships.prune(subject);
      gates.renew(subject);
    },
  });
  const groupMemberships = new GroupMemberships(
    {
      random: Math.random,
      canRead: (reader, schemaId) => registry.reads(reader, schemaId),
      released: (sessions) => pressure.release(sessions),
    },
    (group) => groups.ended(group),
  );
  registry.onChange(() => groupMemberships.resetReaders());
  const subscriptions = new Subscriptions({
    ...{ limits, subjects, memberships, groupMemberships, groups, slowConsumers },
    history: new SubscriptionHistory({ subjects, captures, recovery, now: Date.now }),
    settle: () => {
      fanOut.flush();
      narrow.tellAll();
    },
    changed: (subject) => gates.renew(subject),
  });
  const narrow = new NarrowDelivery({ fanOut, memberships, notices, readingOf: readingFor });
  const contracts = new BoundContracts(registry);
  const gates = new ContractGates({
    registry,
    contracts,
    subjects,
    requireContracts: options.requireContracts,
    streamOf: (subject) => captures.nameFor(subject),
    isNarrow: (subject) => subscriptions.isNarrow(subject),
    widen: (subject, gate) => narrow.widen(subject, gate),
  });
  registry.onChange(() => narrow.widenAll());
  const detourRoom = new DetourRoom(limits.maxDetourBytes);
  const waits = new SessionWaits(credit, limits.maxDetourBytes / WAITING_PART);
  const detours = new Detours({ work, room: detourRoom });
  const offload = new OffloadThreshold(limits.offloadBytes, INITIAL_OFFLOAD_BYTES, () =>
    measureOffloadBytes(work, kernels().verifier),
  );
  const measureWhenBound = () => {
    if (registry.contracts().some(({ bindings }) => bindings.length > 0)) offload.needed();
  };
  measureWhenBound();
  registry.onChange(measureWhenBound);
  const admission = new Admission({
    ...{ limits, subjects, fanOut, gates, contracts, detours, narrow, groups, offload, captures },
    quarantine: options.quarantine,
    unite: (subject) => memberships.unite(subject),
    seed: randomInt(2 ** 31),
  });
  const recorder = new Recorder(captures);
  const streams = new Streams({
    ...{ limits, captures, home: surroundings.streamHome, verifier: admission.createVerifier() },
    schedule: () => fanOut.schedule(),
    stored: (stream) => {
      fanOut.schedule();
      taking.turns.stored(stream);
    },
    changed: (filters) => {
      recorder.reset();
      for (const filter of filters) subjects.selectedBy(filter, (subject) => gates.renew(subject));
    },
    removing: (capture) => taking.consumers.removing(capture),
  });
  recorder.reset();
  const { draining } = surroundings;
  const taking = assembleConsumers({ limits, captures, admission, hasRoom, draining });
  const assignments = new Assignments({
    ...{ experiments, registry },
    exposures: new Exposures({
      publish: (bytes) => admission.publishOwn(bytes),
      isWanted: (subject) => subscriptions.isWanted(subject),
      changes: () => subscriptions.changes,
    }),
  });
  const acks = new Acknowledgements(fanOut, limits.maxPendingAcks);
  const mirrors = new Mirrors({
    ...{ limits, registry, experiments, work, verifier: admission.createVerifier() },
    calls: () => calls.copies,
  });
  const calls = new Calls({
    ...{ limits, registry, contracts, work, offload, direct, waits, room: detourRoom },
    ...{ assignments, mirrors, recorder },
    requireContracts: options.requireContracts,
    draining,
  });
  const events = new RolloutEvents((bytes) => admission.publishOwn(bytes));
  const rollouts = new Rollouts(
    {
      ...{ file: surroundings.rolloutFile, sink: experiments },
      groups: () => calls.services.groups,
      publish: (event) => events.publish(event),
    },
    surroundings.keptRollouts,
  );
  calls.observe(rollouts);
  const consumers = new LiveConsumers(subscriptions, () => calls.services.groups);
  const operations = new Operations(streamOperations(streams), consumerOperations(taking.consumers));
  const controls = new Controls({
    ...{ limits, subscriptions, fanOut, direct, calls, operations, consuming: taking.consuming },
    brokerName: options.name,
    contractCalls: new ContractCalls({ registry, consumers }),
    sendAcks: () => acks.send(),
    departing: surroundings.departing,
  });
  const ingress = new Ingress({
    ...{ limits, admission, calls, fanOut, groups, credit, acks, waits },
    control: (session, memory, start, end) => controls.handle(session, memory, start, end),
  });
  const http = assembleHttp({
    ...{ options, registry, consumers, experiments, rollouts, mirrors, calls, work, admission },
    streams: assembleStreamRoutes({ limits, operations, captures, admission, fanOut }),
    draining,
  });
  return {
    ...{ subjects, memberships, subscriptions, fanOut, acks, pressure, slowConsumers, narrow, groups },
    ...{ detours, detourRoom, admission, ingress, http, direct, calls, rollouts, mirrors },
    ...{ streams, recovery, taking },
  };
}
