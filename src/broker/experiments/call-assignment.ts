import type { Eligibility } from '../calls/eligibility.js';
import type { RunningExperiment } from './running-experiment.js';

/**
 * Why a request is at its variant: by the bucket of its key, or it has no key, or it said so itself, or nobody serves the
 * variant that would be its own.
 */
export type AssignmentReason = 'bucket' | 'default' | 'kept' | 'fallback';

/** Where an experiment has sent a request. */
export interface CallAssignment {
  readonly experiment: RunningExperiment;
  /** Index of the variant. */
  readonly variant: number;
  /** NO_BUCKET when no key has decided. */
  readonly bucket: number;
  readonly reason: AssignmentReason;
  /** Which workers the caller asks for. */
  readonly asked: Eligibility | undefined;
  /** Of the key, where somebody wants to know; else empty. */
  readonly keyHash: string;
  /** Its exposure is to be told of, has been, or is none: nobody meets the variant of what is asked on account of a copy. */
  exposure: 'due' | 'told' | 'none';
}
