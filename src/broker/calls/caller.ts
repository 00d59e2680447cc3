import type { Session } from '../session.js';

/** Who made a request: a session, or an HTTP request. */
export interface Caller<Call> {
  /** Undefined for an HTTP request. */
  readonly session?: Session;
  /** Its requests without an end. */
  readonly calls: Set<Call>;
  /** Takes a reply or an error, `start` to `end` of `bytes`, which are its own only until it returns. */
  deliver(bytes: Uint8Array, start: number, end: number): void;
  /** Takes why a request of its went where it went, which comes before the end; JSON. Only of requests that ask. */
  explain?(request: Uint8Array, json: string): void;
}
