import { Worker } from 'node:worker_threads';
import { FuzzFailure } from './fuzz-failure.js';
import { VerifierRun, type VerifierTally } from './verifier-run.js';

export interface VerifierOptions {
  readonly seed: number;
  /** The first case. */
  readonly start: number;
  readonly frames: number;
  /** Milliseconds; Infinity for no end but the frames. */
  readonly durationMs: number;
}

/** What the worker is given. */
export interface VerifierWork extends VerifierOptions {
  /** Shared: low and high half of the case that runs. */
  readonly beat: Uint32Array;
}

/** What the worker says. */
export interface VerifierWord {
  readonly tally: VerifierTally;
  readonly done?: boolean;
  readonly failure?: { readonly index: number; readonly bytes: Uint8Array; readonly why: string };
}

/** A case takes microseconds. One that takes this long never ends. Milliseconds. */
const HANG_MS = 20_000;
const LOOK_MS = 1_000;

/**
 * Runs the verifier's cases in another thread and watches that they go on.
 * Rejects with FuzzFailure when a case breaks a law or does not end.
 */
export async function watchVerifier(
  options: VerifierOptions,
  progress: (tally: VerifierTally) => void,
  hangMs = HANG_MS,
  program = new URL('./verifier-worker.js', import.meta.url),
): Promise<VerifierTally> {
  const beat = new Uint32Array(new SharedArrayBuffer(8));
  const worker = new Worker(program, { workerData: { ...options, beat } satisfies VerifierWork });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const fail = (index: number, bytes: Uint8Array, cause: unknown) =>
        reject(new FuzzFailure(options.seed, index, bytes, cause));
      worker.once('error', reject);
      worker.once('exit', (code) =>
        reject(new Error(`the thread ended with ${code} before its work was done`)),
      );
      worker.on('message', ({ tally, done, failure }: VerifierWord) => {
        progress(tally);
        if (failure !== undefined) fail(failure.index, failure.bytes, failure.why);
        if (done) resolve(tally);
      });
      timer = watch(beat, hangMs, (index) => {
        const bytes = new VerifierRun(options.seed).bytesOf(index);
        fail(index, bytes, `the case does not end: it ran for ${hangMs} ms`);
      });
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

/** Calls back with the case that has run for too long. */
function watch(beat: Uint32Array, hangMs: number, hangs: (index: number) => void): NodeJS.Timeout {
  let last = -1;
  let still = 0;
  const lookMs = Math.min(LOOK_MS, hangMs / 4);
  return setInterval(() => {
    const index = beat[1]! * 0x1_0000_0000 + beat[0]!;
    still = index === last ? still + lookMs : 0;
    last = index;
    if (still >= hangMs) hangs(index);
  }, lookMs);
}
