/**
 * A root table compiled into numbers that the verifier runs, in TypeScript and in C++ alike; docs/verifier.md says what
 * they mean. Plain data: it may be sent to another thread.
 */
export interface Program {
  /** On a SharedArrayBuffer where there is one, so that threads share it. */
  readonly code: Int32Array;
  /** Names of fields for messages, in the order in which `code` refers to them. */
  readonly names: readonly string[];
}
