import type { ModwireError } from '../../errors.js';
import type { Terminal } from '../terminal.js';

/** What the doctor found about one thing. */
export interface CheckResult {
  /** A word or two. */
  readonly name: string;
  /**
   * `lesser`: it works, and something better could be had. `failed`: something was asked for that cannot be had, and
   * `error` is what asking for it throws.
   */
  readonly state: 'good' | 'lesser' | 'failed';
  /** What is in use. */
  readonly value: string;
  /** Half a sentence. */
  readonly why: string;
  /** What to do about it. */
  readonly advice: string | undefined;
  readonly error?: ModwireError;
  /** More for programs, and for people as `name value`. */
  readonly details?: Readonly<Record<string, string>>;
}

/** Looks at one thing. Rejects only with what is nobody's to mend. */
export type Check = (terminal: Terminal) => Promise<CheckResult>;
