import { bytes, count, KIB, type Limit, MIB, ms } from './limit.js';

export type { Limit };

/** Every bound of the broker, with its unit. What happens at a bound is said beside it. */
export const BROKER_LIMITS = {
  maxFrameBytes: bytes(
    8 * MIB,
    256,
    256 * MIB,
    'Largest frame. A larger one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxBatchBytes: bytes(
    16 * MIB,
    4 * KIB,
    512 * MIB,
    'Largest WebSocket message. A larger one closes the connection (WebSocket code 1009).',
  ),
  gatherBytes: bytes(
    64 * KIB,
    1 * KIB,
    1 * MIB,
    'Frames of one turn of the event loop leave together, earlier once they are this many bytes.',
  ),
  gatherBuffers: count(
    256,
    1,
    65_536,
    'Buffers of gatherBytes in use at once. At the bound everything gathered leaves.',
  ),
  publishWindowBytes: bytes(
    2 * MIB,
    16 * KIB,
    256 * MIB,
    'Bytes a publisher may have under way without a credit. Its client holds back the rest.',
  ),
  congestedBytes: bytes(
    1 * MIB,
    16 * KIB,
    256 * MIB,
    'When every consumer of a subject has more than this buffered, its publishers get no credit until one has caught up.',
  ),
  patienceMs: ms(
    1_000,
    0,
    60_000,
    'Publishers wait at most this long for a consumer that lags behind the others (more than half of slowConsumerBytes buffered). It is used up by waiting and comes back at a twentieth of the time that passes.',
  ),
  slowConsumerBytes: bytes(
    32 * MIB,
    64 * KIB,
    1024 * MIB,
    'A consumer with more than this buffered is slow: frames pass it by until it has caught up, and it is told which.',
  ),
  stallMs: ms(
    1_000,
    50,
    600_000,
    'A congested consumer that takes no byte for this long is slow, whatever it has buffered.',
  ),
  slowConsumerMs: ms(30_000, 100, 3_600_000, 'A consumer that stays slow for this long is disconnected.'),
  maxBufferedBytes: bytes(
    512 * MIB,
    1 * MIB,
    64 * 1024 * MIB,
    'Bytes buffered for all consumers together. Above it, consumers with more than their share are slow.',
  ),
  helloMs: ms(
    5_000,
    50,
    60_000,
    'Time from connecting to a complete hello. After it the connection is closed.',
  ),
  heartbeatMs: ms(15_000, 100, 600_000, 'A client that has sent nothing for this long sends a ping.'),
  silenceMs: ms(
    40_000,
    200,
    3_600_000,
    'A client without a complete message for this long is disconnected; it also bounds the assembly of one message.',
  ),
  maxSessions: count(100_000, 1, 10_000_000, 'Connections at once. Another one is answered with HTTP 503.'),
  maxSubscriptions: count(
    10_000,
    1,
    10_000_000,
    'Subscriptions of one session. Another one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxSubjects: count(
    1_000_000,
    1,
    100_000_000,
    'Subjects with a sequence. At the bound idle ones without subscribers are forgotten, else a new one is refused.',
  ),
  subjectIdleMs: ms(
    300_000,
    0,
    86_400_000,
    'A subject unused for this long may be forgotten when maxSubjects is reached.',
  ),
  maxListed: count(
    4_096,
    1,
    65_536,
    'Subjects listed in one control message (positions, losses). Longer lists are split or say so.',
  ),
  maxSlowSubjects: count(
    65_536,
    1,
    10_000_000,
    'Subjects whose position is kept for a slow consumer. One that reads more subjects is disconnected instead.',
  ),
  maxViolations: count(16, 1, 1_000_000, 'Malformed frames forgiven in one session. The next one closes it.'),
  maxPendingAcks: count(65_536, 1, 10_000_000, 'Acknowledgements gathered in one turn. More leave earlier.'),
  maxContracts: count(10_000, 1, 1_000_000, 'Contracts in the registry. Another one is refused.'),
  maxVersions: count(1_000, 1, 100_000, 'Versions of one contract. Another one is refused.'),
  maxSchemaBytes: bytes(
    1 * MIB,
    1 * KIB,
    64 * MIB,
    'Largest schema (.bfbs). A larger one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxBindings: count(
    10_000,
    1,
    1_000_000,
    'Bindings of subject patterns to contracts. Another one is refused.',
  ),
  maxExperiments: count(
    1_000,
    1,
    100_000,
    'Experiments that are put there, those of rollouts beside. Another one is refused.',
  ),
  maxHttpBodyBytes: bytes(
    16 * MIB,
    1 * KIB,
    512 * MIB,
    'Largest body of an HTTP request. A larger one is answered with status 413.',
  ),
  maxHttpRequests: count(
    256,
    1,
    100_000,
    'HTTP requests with a body at once. Another one is answered with 503.',
  ),
  offloadBytes: bytes(
    0,
    0,
    512 * MIB,
    'Payloads from this size on are verified by the worker pool; 0 has the size measured on the running machine.',
  ),
  workerThreads: count(1, 1, 64, 'Threads of the worker pool.'),
  maxWorkerTasks: count(
    64,
    1,
    65_536,
    'Tasks that wait for a worker or run. Another one is refused with RESOURCE_EXHAUSTED.',
  ),
  workerTaskMs: ms(
    10_000,
    10,
    600_000,
    'Time for one task of the worker pool. After it its worker is replaced and the task fails.',
  ),
  maxWorkerBytes: bytes(
    512 * MIB,
    256 * MIB,
    64 * 1024 * MIB,
    'Heap of one worker thread. No task that is let in needs more than the least.',
  ),
  maxDetourBytes: bytes(
    64 * MIB,
    64 * KIB,
    4096 * MIB,
    'Frames that wait for a verdict of the worker pool, or behind such a frame. Another one is refused with RESOURCE_EXHAUSTED.',
  ),
  requestTimeoutMs: ms(30_000, 1, 3_600_000, 'Time for a request that names none.'),
  maxRequestTimeoutMs: ms(
    3_600_000,
    1,
    86_400_000,
    'Longest time that a request may name. A longer one is refused with INVALID_ARGUMENT.',
  ),
  maxCalls: count(
    1_000_000,
    1,
    100_000_000,
    'Requests without an end at once. Another one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxCallBytes: bytes(
    1024 * MIB,
    1 * MIB,
    64 * 1024 * MIB,
    'Bytes of those. Beyond it another one is refused.',
  ),
  maxSessionCalls: count(
    65_536,
    1,
    10_000_000,
    'Requests without an end of one session. Another one is refused.',
  ),
  maxQueuedCalls: count(
    10_000,
    1,
    10_000_000,
    'Requests that wait for a worker of one group. Another one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxQueuedCallBytes: bytes(
    64 * MIB,
    64 * KIB,
    4096 * MIB,
    'Bytes of those. Beyond it another one is refused.',
  ),
  callAgeingMs: ms(
    100,
    1,
    600_000,
    'How long a request has to wait to count as one of the next higher priority.',
  ),
  maxCallAttempts: count(3, 1, 16, 'Workers that one request is handed to, one after the other.'),
  startupGraceMs: ms(
    2_000,
    0,
    600_000,
    'For so long after the start requests that nobody serves wait for a worker, within maxQueuedCalls; then, and at once with 0, they are answered with NO_RESPONDERS.',
  ),
  maxMirrorBytes: bytes(
    64 * MIB,
    64 * KIB,
    4096 * MIB,
    'Requests that are mirrored, and replies kept until they are compared; an eighth of it for one request. What lies beyond is not mirrored, or not compared.',
  ),
  mirrorPercent: count(
    1,
    1,
    100,
    'How much of the time in which the event loop has nothing to do may be spent on copying requests and comparing replies, in percent. Beyond it, and when it is late, requests are not mirrored; 100 mirrors them in any case.',
  ),
  mirrorEveryMs: ms(1_000, 0, 60_000, 'How often copies of requests leave; with 0 each after its request.'),
  maxStreams: count(256, 1, 10_000, 'Streams. Another one is refused with RESOURCE_EXHAUSTED.'),
  maxStreamSubjects: count(
    1_000_000,
    1,
    100_000_000,
    'Subjects that one stream has ever had records of. A frame of another one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxStreamPendingBytes: bytes(
    16 * MIB,
    64 * KIB,
    4096 * MIB,
    'Frames that one stream has taken and not stored yet. Another one is refused with RESOURCE_EXHAUSTED.',
  ),
  maxDedupIds: count(
    1_048_576,
    0,
    67_108_864,
    'Message ids of late that one stream knows, to store nothing twice. At the bound it forgets the oldest before their time.',
  ),
  maxConsumers: count(1_000, 1, 100_000, 'Durable consumers of one stream. Another one is refused.'),
  maxSessionConsumers: count(
    1_000,
    1,
    1_000_000,
    'Consumers that one session is a member of, and readers of it. Another one is refused.',
  ),
  maxServices: count(1_000, 1, 1_000_000, 'Services of one session. Another one is refused.'),
  maxConcurrency: count(
    65_536,
    1,
    10_000_000,
    'Requests that one worker, or records that one consumer may take at once. More is refused.',
  ),
  drainMs: ms(10_000, 0, 600_000, 'Time for clients to leave after SIGTERM. After it they are disconnected.'),
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof BROKER_LIMITS;

/** A value for every limit. */
export type Limits = { readonly [Name in LimitName]: number };

export const LIMIT_NAMES = Object.keys(BROKER_LIMITS) as LimitName[];

export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, BROKER_LIMITS[name].default]),
) as Limits;
