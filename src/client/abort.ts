import { ModwireError } from '../errors.js';

/** Throws CANCELLED when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

export function cancelled(signal: AbortSignal): ModwireError {
  return new ModwireError('CANCELLED', { what: 'aborted by its signal', cause: signal.reason });
}

/** Calls `action` once when the signal fires, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, action: (error: ModwireError) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = () => action(cancelled(signal));
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
