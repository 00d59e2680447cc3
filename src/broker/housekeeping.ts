import type { Limits } from '../limits.js';
import type { Calls } from './calls/calls.js';
import { monotonicMs } from './clock.js';
import { CLOSE_CODES } from './close-codes.js';
import type { ConsumerPressure } from './consumer-pressure.js';
import type { FanOut } from './fan-out.js';
import type { Rollouts } from './rollouts/rollouts.js';
import type { Session } from './session.js';
import type { SlowConsumers } from './slow-consumers.js';
import type { Streams } from './streams/streams.js';

/** How often deadlines are looked at, as a part of the shortest. */
const SWEEPS_PER_DEADLINE = 4;
const MAX_SWEEP_MS = 250;
const MIN_SWEEP_MS = 10;

export interface HousekeepingParts {
  readonly limits: Limits;
  readonly sessions: ReadonlyMap<number, Session>;
  readonly pressure: ConsumerPressure;
  readonly slowConsumers: SlowConsumers;
  readonly fanOut: FanOut;
  readonly calls: Pick<Calls, 'sweep'>;
  readonly rollouts: Pick<Rollouts, 'sweep'>;
  readonly streams: Pick<Streams, 'sweep'>;
}

/** Holds the broker's deadlines: hello, silence, stalled and slow consumers, rollouts. Returns a function that ends it. */
export function startHousekeeping(parts: HousekeepingParts): () => void {
  const { helloMs, silenceMs, stallMs, slowConsumerMs } = parts.limits;
  const shortest = Math.min(helloMs, silenceMs, stallMs, slowConsumerMs);
  const interval = Math.max(MIN_SWEEP_MS, Math.min(MAX_SWEEP_MS, Math.floor(shortest / SWEEPS_PER_DEADLINE)));
  const timer = setInterval(() => sweep(parts), interval);
  timer.unref();
  return () => clearInterval(timer);
}

function sweep(parts: HousekeepingParts): void {
  const { limits, sessions, pressure, slowConsumers, fanOut, calls, rollouts, streams } = parts;
  const nowMs = monotonicMs();
  for (const session of sessions.values()) {
    const silentMs = nowMs - session.lastMessageAt;
    if (session.deaf) {
      // It was told to go; one that does not answer is cut off.
      if (silentMs > limits.silenceMs + limits.helloMs) session.connection.terminate();
    } else if (!session.welcomed && silentMs > limits.helloMs) {
      session.disconnect(CLOSE_CODES.HELLO_TIMEOUT, 'no hello in time');
    } else if (silentMs > limits.silenceMs) {
      session.disconnect(CLOSE_CODES.SILENT, 'nothing heard for too long');
    }
  }
  pressure.sweep();
  slowConsumers.sweep(nowMs);
  calls.sweep();
  rollouts.sweep();
  streams.sweep(nowMs);
  // Consumers found too slow are taken out at the end of a turn.
  fanOut.schedule();
}
