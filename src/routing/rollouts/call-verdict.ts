import type { ErrorCode } from '../../errors.js';

/** What the end of a call says about the version that had it. */
export type CallVerdict =
  /** An error that the version has to answer for. */
  | 'failed'
  /** An error of the caller's making: the version did what it should. */
  | 'caller'
  /** Nothing: the caller did not wait for the end. */
  | 'none';

/**
 * Every code is decided on, so that a new one has to be. Other than the `category` of an error, which says whether a
 * worker is at fault in the eyes of outlier ejection, this is about a version as a whole: what its callers would not have
 * met with the other one.
 */
const VERDICTS: Readonly<Record<ErrorCode, CallVerdict>> = {
  CANCELLED: 'none',
  INVALID_ARGUMENT: 'caller',
  DEADLINE_EXCEEDED: 'failed',
  NOT_FOUND: 'caller',
  ALREADY_EXISTS: 'caller',
  PERMISSION_DENIED: 'caller',
  // Its workers are too few or too slow for its share, or say so.
  RESOURCE_EXHAUSTED: 'failed',
  FAILED_PRECONDITION: 'caller',
  // What the other version knows.
  UNIMPLEMENTED: 'failed',
  INTERNAL: 'failed',
  DATA_LOSS: 'failed',
  UNAVAILABLE: 'failed',
  UNAUTHENTICATED: 'caller',
  // Requests were verified before a worker had them: what is malformed or breaks a contract is a reply.
  MALFORMED_FRAME: 'failed',
  PROTOCOL_VIOLATION: 'failed',
  CONTRACT_VIOLATION: 'failed',
  REJECTED: 'failed',
  SLOW_CONSUMER: 'caller',
  INCOMPATIBLE_SCHEMA: 'caller',
  NO_RESPONDERS: 'failed',
};

/** Of the error that a call ended with, once it was assigned to a version. */
export function callVerdict(code: ErrorCode): CallVerdict {
  return VERDICTS[code];
}
