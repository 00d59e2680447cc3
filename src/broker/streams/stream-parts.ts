import type { Limits } from '../../limits.js';
import type { Admission } from '../admission.js';
import type { FanOut } from '../fan-out.js';
import type { Captures } from './captures.js';
import type { Operations } from './operations.js';
import { importRecords } from './stream-import.js';
import type { StreamRouteParts } from './streams-http.js';

export interface StreamRouteSurroundings {
  readonly limits: Limits;
  readonly operations: Operations;
  readonly captures: Captures;
  readonly admission: Admission;
  readonly fanOut: FanOut;
}

/** What answers for streams over HTTP. */
export function assembleStreamRoutes(surroundings: StreamRouteSurroundings): StreamRouteParts {
  const { limits, operations, captures, admission, fanOut } = surroundings;
  const parts = { limits, captures, admission, fanOut, verifier: admission.createVerifier() };
  return {
    ...{ operations, captures },
    importRecords: (stream, file) => importRecords(parts, stream, file),
  };
}
