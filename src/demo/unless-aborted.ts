/** The outcome of `work`; rejects with the signal's reason as soon as that fires. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  // When the signal wins, nobody else waits for the work's own failure.
  work.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
  });
}
