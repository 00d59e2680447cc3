import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Call } from './call.js';

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

export function deadlineExceeded(call: Call): ModwireError {
  const { frame, attempts } = call;
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: attempts === 0 ? 'no worker took it in time' : 'not answered in time',
    expected: `an end within ${frame.timeout > 0 ? `${frame.timeout} µs` : 'requestTimeoutMs'}`,
    got: attempts === 0 ? 'none was free: surely not started' : 'none: it may have been started',
    where: `subject ${frame.subject}`,
  });
}

export function workerLost(call: Call): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'the worker was lost',
    got: 'its connection ended: the request may have been started',
    where: `subject ${call.frame.subject}`,
    advice: 'declare requests idempotent that may be tried elsewhere',
  });
}

export function tooLate(call: Call, ahead: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'its deadline cannot be met',
    got: `${ahead} requests before it`,
    where: `subject ${call.frame.subject}`,
    advice: 'allow more time, or add workers',
  });
}

export function queueFull(call: Call, { maxQueuedCalls, maxQueuedCallBytes }: Limits): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'too many requests wait',
    expected: `at most maxQueuedCalls = ${maxQueuedCalls} and maxQueuedCallBytes = ${maxQueuedCallBytes} for a group`,
    got: 'one more',
    where: `subject ${call.frame.subject}`,
    advice: 'try again later, or add workers',
  });
}

export function tooManyReplies(call: Call): ModwireError {
  return new ModwireError('PROTOCOL_VIOLATION', {
    what: 'the worker sent more replies than were granted',
    expected: `at most ${call.granted}`,
    got: 'one more',
    where: `subject ${call.frame.subject}`,
  });
}
