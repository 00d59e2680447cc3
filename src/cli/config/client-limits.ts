import { CLIENT_LIMITS } from '../../client/client-limits.js';
import type { Unit } from './quantity.js';

interface ClientLimit {
  readonly unit: Unit;
  readonly max: number;
  /** One sentence for the documentation, the JSON Schema and `--help`. */
  readonly about: string;
}

const MIB = 1024 ** 2;
/** Timers hold no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What people read of the client's limits; limits.ts has their defaults. */
export const CLIENT_LIMIT_TEXTS: Readonly<Record<keyof typeof CLIENT_LIMITS, ClientLimit>> = {
  maxPendingBytes: {
    unit: 'bytes',
    max: 64 * 1024 * MIB,
    about: 'Bytes published and not yet sent. Beyond it publishing is refused with RESOURCE_EXHAUSTED.',
  },
  batchBytes: {
    unit: 'bytes',
    max: 256 * MIB,
    about: 'Bytes gathered in one turn of the event loop before a batch leaves.',
  },
  maxQueuedFrames: {
    unit: 'count',
    max: 100_000_000,
    about: 'Frames waiting in one subscription. Beyond it the client stops reading.',
  },
  maxTrackedSubjects: {
    unit: 'count',
    max: 100_000_000,
    about: 'Subjects whose position is remembered for gaps. Beyond it the oldest are forgotten.',
  },
  connectMs: {
    unit: 'ms',
    max: MAX_TIMER_MS,
    about: "Time for connecting and the broker's welcome. After it connecting fails.",
  },
  answerMs: {
    unit: 'ms',
    max: MAX_TIMER_MS,
    about: 'Time for an acknowledgement or an answer of the broker. After it the operation fails.',
  },
  requestMs: {
    unit: 'ms',
    max: 86_400_000,
    about: 'Time for a request that names none. After it the request fails.',
  },
  reconnectMs: {
    unit: 'ms',
    max: MAX_TIMER_MS,
    about: 'First delay before reconnecting. It doubles each time, with jitter.',
  },
  maxReconnectMs: { unit: 'ms', max: MAX_TIMER_MS, about: 'Longest delay before reconnecting.' },
};

export const CLIENT_LIMIT_NAMES = Object.keys(CLIENT_LIMITS) as (keyof typeof CLIENT_LIMITS)[];
