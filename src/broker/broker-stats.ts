import type { BrokerParts } from './broker-parts.js';
import type { CallStats } from './calls/calls.js';
import type { ConsumerStats } from './consumers/consumers.js';

/** Figures of a running broker. */
export interface BrokerStats {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly subjects: number;
  readonly audiences: number;
  /** Frames admitted and refused since the start. */
  readonly frames: number;
  readonly frameBytes: number;
  readonly refused: number;
  /** Refused frames that broke their contract. */
  readonly violations: number;
  /** Deliveries that were not made because the consumer cannot read the frame's schema. */
  readonly withheld: number;
  /** Bytes of frames that wait for a verdict of the worker pool, or behind one that does. */
  readonly waitingBytes: number;
  /** Upper bound of what is buffered for all consumers. Bytes. */
  readonly bufferedBytes: number;
  readonly slowConsumers: number;
  /** Audiences whose publishers wait. */
  readonly congested: number;
  readonly calls: CallStats;
  /** Of durable consumers. */
  readonly consumers: ConsumerStats;
}

/** All of them that parts know. */
export function statsOf(parts: BrokerParts): Omit<BrokerStats, 'sessions'> {
  const { subscriptions, subjects, memberships, admission, narrow, groups, detourRoom } = parts;
  const { pressure, slowConsumers, calls, taking } = parts;
  return {
    subscriptions: subscriptions.count,
    subjects: subjects.size,
    audiences: memberships.audienceCount,
    frames: admission.frameCount,
    frameBytes: admission.frameBytes,
    refused: admission.refusedCount,
    violations: admission.violationCount,
    withheld: narrow.withheldCount + groups.withheldCount,
    waitingBytes: detourRoom.bytes,
    bufferedBytes: pressure.totalBytes,
    slowConsumers: slowConsumers.count,
    congested: pressure.congestedCount,
    calls: calls.stats,
    consumers: taking.consumers.stats,
  };
}
