// Runs the verifier's cases in a thread of its own, so that verifier-watch.ts sees when one does not end.
import { parentPort, workerData } from 'node:worker_threads';
import { FuzzFailure } from './fuzz-failure.js';
import { VerifierRun } from './verifier-run.js';
import type { VerifierWord, VerifierWork } from './verifier-watch.js';

/** Cases between two looks at the clock. */
const CHUNK = 4096;
const WORD_MS = 250;

const { seed, start, frames, durationMs, beat } = workerData as VerifierWork;
const say = (word: VerifierWord) => parentPort!.postMessage(word);
const run = new VerifierRun(seed);
const end = start + frames;
const began = performance.now();
let spoken = began;
try {
  for (let next = start, now = began; next < end && now - began < durationMs; now = performance.now()) {
    for (const chunkEnd = Math.min(end, next + CHUNK); next < chunkEnd; next++) {
      beat[0] = next;
      beat[1] = next / 0x1_0000_0000;
      run.step(next);
    }
    if (now - spoken >= WORD_MS) {
      spoken = now;
      say({ tally: run.tally });
    }
  }
  say({ tally: run.tally, done: true });
} catch (thrown) {
  if (!(thrown instanceof FuzzFailure)) throw thrown;
  say({ tally: run.tally, failure: { index: thrown.index, bytes: thrown.bytes, why: thrown.message } });
}
