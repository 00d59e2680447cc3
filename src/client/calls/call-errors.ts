import type { FrameView } from '../../codec/frame-view.js';
import { ERRORS, type ErrorCode, ModwireError } from '../../errors.js';

const CODE_HEADER = 'modwire-code';
const MESSAGE_HEADER = 'modwire-message';
const STARTED_HEADER = 'modwire-may-have-started';
/** Longer messages are cut: they may quote what came in. Characters. */
const MAX_MESSAGE_CHARACTERS = 2_048;

/** Headers that say an error. Its stack and its cause stay here. */
export function errorHeaders(error: ModwireError): ReadonlyArray<readonly [name: string, value: string]> {
  const headers: [string, string][] = [
    [CODE_HEADER, error.code],
    [MESSAGE_HEADER, error.message.slice(0, MAX_MESSAGE_CHARACTERS)],
  ];
  // Never the opposite: a handler may pass on what it was told of a request of its own, and it has been started itself.
  if (error.mayHaveStarted && !error.row.mayHaveStarted) headers.push([STARTED_HEADER, 'true']);
  return headers;
}

/** The error that a frame says. INTERNAL for a code that this version does not know. */
export function errorOfFrame(frame: FrameView): ModwireError {
  let code: ErrorCode = 'INTERNAL';
  let message = 'no message';
  let mayHaveStarted: boolean | undefined;
  for (const [name, value] of frame.headers) {
    if (name === CODE_HEADER && Object.hasOwn(ERRORS, value)) code = value as ErrorCode;
    else if (name === MESSAGE_HEADER) message = value;
    else if (name === STARTED_HEADER) mayHaveStarted = value === 'true';
  }
  return new ModwireError(code, { what: message, mayHaveStarted });
}

/** A reply that a handler gave and that cannot be sent: no fault of the caller's, and no better with another attempt. */
export function unsendableReply(subject: string, thrown: ModwireError): ModwireError {
  return new ModwireError('INTERNAL', {
    what: 'the reply of the handler cannot be sent',
    got: thrown.message,
    where: `subject ${subject}`,
    cause: thrown,
  });
}
