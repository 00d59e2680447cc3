import type { SignalOptions } from '../abort.js';
import { checkName, checkWhole } from './check-options.js';
import type { LostRange } from './lost-range.js';

const DEFAULT_CAPACITY = 65_536;
const DEFAULT_WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Where a reader begins: with the oldest record that the stream has, with what comes from now on, at an offset, or with the first
 * record of a time (Unix time in milliseconds).
 */
export type ReadFrom = 'all' | 'new' | { readonly offset: number } | { readonly time: number };

/** Where a reader ends: with what the stream has when it begins, or with the last record up to an offset or a time. */
export type ReadTo = 'end' | { readonly offset: number } | { readonly time: number };

/** What a client reads of a stream. The signal ends the reader. */
export interface ReadOptions extends SignalOptions {
  /** `all` unless given. */
  readonly from?: ReadFrom;
  /** Unless given it goes on with what comes. */
  readonly to?: ReadTo;
  /** Subjects whose records it gets; all that the stream has unless given. */
  readonly filter?: string;
  /** Records under way or waiting to be taken; 65,536 unless given. */
  readonly capacity?: number;
  /** Bytes of those, unless one alone has more; 4 MiB unless given. */
  readonly windowBytes?: number;
  /** Told of records that the stream has no more or that are damaged; unless given, iterating throws. */
  readonly onLost?: (range: LostRange) => void;
}

/** Everything that is known of a reader before it reads. */
export interface ReadTerms {
  readonly stream: string;
  readonly from: ReadFrom;
  readonly to: ReadTo | undefined;
  readonly filter: string | undefined;
  readonly capacity: number;
  readonly windowBytes: number;
  readonly onLost: ((range: LostRange) => void) | undefined;
}

/** Throws INVALID_ARGUMENT for what is not valid; what the broker is told as JSON it checks itself. */
export function readTerms(stream: string, options: ReadOptions): ReadTerms {
  const { from = 'all', to, filter, onLost } = options;
  const { capacity = DEFAULT_CAPACITY, windowBytes = DEFAULT_WINDOW_BYTES } = options;
  checkName('stream', stream);
  checkWhole('capacity', capacity);
  checkWhole('windowBytes', windowBytes);
  return { stream, from, to, filter, capacity, windowBytes, onLost };
}
