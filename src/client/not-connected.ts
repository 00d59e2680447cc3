import { ModwireError } from '../errors.js';

/** The error of those who need a connection now. */
export function notConnected(): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'not connected at this moment',
    advice: "wait for the event 'reconnect'",
  });
}
