const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal this soon after the first is the same one: npm passes on what the terminal has sent to all. Milliseconds. */
const SAME_MS = 300;

/** What the user wants who presses Ctrl-C, or another program that asks this one to end. */
export interface Interruption {
  /** Asked once: stop, in order. */
  readonly stop: AbortSignal;
  /** Asked again: end at once. */
  readonly abandon: AbortSignal;
  /** Listens no longer. */
  end(): void;
}

/** Listens to the signals that ask a process to end. */
export function listenForInterruption(): Interruption {
  const stop = new AbortController();
  const abandon = new AbortController();
  let askedAt = 0;
  const handler = () => {
    if (!stop.signal.aborted) {
      askedAt = performance.now();
      stop.abort();
    } else if (performance.now() - askedAt > SAME_MS) abandon.abort();
  };
  for (const signal of SIGNALS) process.on(signal, handler);
  return {
    stop: stop.signal,
    abandon: abandon.signal,
    end() {
      for (const signal of SIGNALS) process.off(signal, handler);
    },
  };
}
