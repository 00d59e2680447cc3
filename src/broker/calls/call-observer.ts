import type { ErrorCode } from '../../errors.js';
import { exactMs } from '../clock.js';
import type { BrokerCall } from './worker-group.js';

/** The code of the error that a call ended with, CANCELLED when its caller gave it up; undefined when it was answered. */
export type CallOutcome = ErrorCode | undefined;

/** Somebody who is told of the end of every call. */
export interface CallObserver {
  /**
   * A call has had its end; it still names the worker that had it, unless it had none or that one is gone. `nowMs` is on
   * the clock of its `begunAt`. Must not throw, nor begin or end calls.
   */
  ended(call: BrokerCall, outcome: CallOutcome, nowMs: number): void;
}

/** Tells them of the end of a call, which costs a comparison when there are none. */
export function tellObservers(
  observers: readonly CallObserver[],
  call: BrokerCall,
  outcome: CallOutcome,
): void {
  if (observers.length === 0) return;
  const nowMs = exactMs();
  for (const observer of observers) observer.ended(call, outcome, nowMs);
}
