import { ModwireError } from '../../errors.js';

/** Records of a stream that will not come. */
export interface LostRange {
  readonly stream: string;
  /** Offsets, both included. */
  readonly first: number;
  readonly last: number;
  /** Why: DATA_LOSS when they are damaged. */
  readonly error: ModwireError;
}

/** What is thrown, or told, of a range that nobody has asked to be told of. */
export function lostError({ stream, first, last, error }: LostRange): ModwireError {
  return new ModwireError(error.code, {
    what: error.message,
    got: `nothing of the offsets ${first} to ${last}`,
    where: `stream ${stream}`,
    cause: error,
  });
}
