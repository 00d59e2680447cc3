import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { BrokerCall } from './worker-group.js';

/** Why calls end without a worker's word. */

export function noResponders(subject: string): ModwireError {
  return new ModwireError('NO_RESPONDERS', {
    what: 'nobody serves this subject',
    expected: 'a worker that serves it',
    got: 'none',
    where: `subject ${subject}`,
    advice: 'start one, or try again later',
  });
}

export function deadlineExceeded(call: BrokerCall): ModwireError {
  const { subject, timeout, attempts } = call;
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: attempts === 0 ? 'no worker took it in time' : 'not answered in time',
    expected: `an end within ${timeout > 0 ? `${timeout} µs` : 'requestTimeoutMs'}`,
    got: attempts === 0 ? 'none was free: surely not started' : 'none: it may have been started',
    where: `subject ${subject}`,
    mayHaveStarted: attempts > 0,
  });
}

export function workerLost(call: BrokerCall): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'the worker was lost',
    got: 'its connection ended: the request may have been started',
    where: `subject ${call.subject}`,
    advice: 'declare requests idempotent that may be tried elsewhere',
  });
}

export function brokerStops(call: BrokerCall): ModwireError {
  const isStarted = call.attempts > 0;
  return new ModwireError(isStarted ? 'UNAVAILABLE' : 'REJECTED', {
    what: 'the broker stops',
    got: isStarted ? 'no answer by now: it may have been started' : 'no worker took it: surely not started',
    where: `subject ${call.subject}`,
    advice: 'connect elsewhere',
  });
}

export function replyTooLarge(call: BrokerCall, byteLength: number, { maxFrameBytes }: Limits): ModwireError {
  return new ModwireError('PROTOCOL_VIOLATION', {
    what: 'the reply is too large',
    expected: `at most maxFrameBytes = ${maxFrameBytes}`,
    got: `${byteLength} bytes`,
    where: `subject ${call.subject}`,
    advice: 'let the worker answer with a stream of smaller replies',
  });
}

/** The request may have been started, whatever the error's code means otherwise. */
export function startedAllTheSame({ code, detail }: ModwireError): ModwireError {
  return new ModwireError(code, { ...detail, mayHaveStarted: true });
}

/** A reply came, and the broker could not verify it. */
export function replyNotVerified(call: BrokerCall, cause: ModwireError): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'the reply could not be verified',
    got: `${cause.message}; the request was processed`,
    where: `subject ${call.subject}`,
  });
}

export function tooLate(call: BrokerCall, ahead: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'its deadline cannot be met',
    got: `${ahead} requests before it`,
    where: `subject ${call.subject}`,
    advice: 'allow more time, or add workers',
  });
}

/** It has waited, and what is left of its time is less than calls take. */
export function tooLittleTimeLeft(call: BrokerCall): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'its deadline cannot be met',
    got: 'no worker free until less time was left than calls take',
    where: `subject ${call.subject}`,
    advice: 'allow more time, or add workers',
  });
}

export function queueFull(call: BrokerCall, { maxQueuedCalls, maxQueuedCallBytes }: Limits): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'too many requests wait',
    expected: `at most maxQueuedCalls = ${maxQueuedCalls} and maxQueuedCallBytes = ${maxQueuedCallBytes} for a group`,
    got: 'one more',
    where: `subject ${call.subject}`,
    advice: 'try again later, or add workers',
  });
}

export function tooManyReplies(call: BrokerCall): ModwireError {
  return new ModwireError('PROTOCOL_VIOLATION', {
    what: 'the worker sent more replies than were granted',
    expected: `at most ${call.granted}`,
    got: 'one more',
    where: `subject ${call.subject}`,
    advice: 'let the worker wait for grants',
  });
}
