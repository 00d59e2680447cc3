import { ModwireError } from '../errors.js';

/** Ends what it is given to when it fires. */
export interface SignalOptions {
  readonly signal?: AbortSignal;
}

/** Throws CANCELLED when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

export function cancelled(signal: AbortSignal): ModwireError {
  // The client's own signal fires with an error that says more.
  if (signal.reason instanceof ModwireError) return signal.reason;
  return new ModwireError('CANCELLED', { what: 'aborted by its signal', cause: signal.reason });
}

interface Listening {
  readonly actions: Set<(error: ModwireError) => void>;
  readonly listener: () => void;
}

/** One listener for each signal, however many wait: Node.js warns of a leak when there are more than ten. */
const LISTENING = new WeakMap<AbortSignal, Listening>();

/** Calls `action` once when the signal fires, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, action: (error: ModwireError) => void): () => void {
  if (signal === undefined) return () => undefined;
  const { actions, listener } = LISTENING.get(signal) ?? listen(signal);
  actions.add(action);
  return () => {
    if (!actions.delete(action) || actions.size > 0) return;
    signal.removeEventListener('abort', listener);
    LISTENING.delete(signal);
  };
}

function listen(signal: AbortSignal): Listening {
  const actions = new Set<(error: ModwireError) => void>();
  const listener = () => {
    for (const action of actions) action(cancelled(signal));
  };
  const listening = { actions, listener };
  LISTENING.set(signal, listening);
  signal.addEventListener('abort', listener, { once: true });
  return listening;
}
