import { setImmediate as turn } from 'node:timers/promises';
import { compileProgram } from '../contracts/compile-program.js';
import type { Program } from '../contracts/program.js';
import type { RegionVerifier } from '../contracts/region-verifier.js';
import type { HeavyWork } from './heavy-work.js';
import { SAMPLE_SCHEMA, samplePayload } from './sample-payload.js';

/** Tables in the payloads that are measured: 4 KiB of them, and each next one twice as large, up to 2 MiB. */
const TABLES = Array.from({ length: 10 }, (_, step) => 256 << step);
/** Payloads verified to warm up the verifier, and times taken of each size. */
const WARM_UP = 64;
const RUNS = 7;
/** What one payload may take of the event loop, whatever the pool costs: everyone else waits meanwhile. Milliseconds. */
const LONGEST_PAUSE_MS = 0.2;

/**
 * From what size on a payload is verified by the pool, in bytes: the smallest one of those measured that takes longer
 * to verify on the spot than it is on its way to the pool and back, or too long for the event loop. Measured with tables of 16 bytes, on the thread that
 * calls, a fraction of a millisecond at a time. Rejects as the pool does.
 */
export async function measureOffloadBytes(work: HeavyWork, verifier: RegionVerifier): Promise<number> {
  const program = compileProgram(SAMPLE_SCHEMA, 0);
  const smallest = samplePayload(TABLES[0]!);
  for (let left = WARM_UP; left > 0; left--) {
    onTheSpot(program, smallest, verifier);
    await turn();
  }
  // The thread starts with its first task.
  for (let left = WARM_UP; left > 0; left--) await work.verify(program, smallest.slice(), 0, smallest.length);
  let largest = 0;
  for (const tables of TABLES) {
    const payload = samplePayload(tables);
    const here: number[] = [];
    const there: number[] = [];
    for (let left = RUNS; left > 0; left--) {
      here.push(onTheSpot(program, payload, verifier));
      await turn();
      there.push(await throughThePool(program, payload, work));
    }
    largest = payload.length;
    // The least is what it takes when nothing else goes on. The pool verifies as well: what it takes longer is the way.
    const verifying = Math.min(...here);
    if (verifying >= Math.min(LONGEST_PAUSE_MS, Math.min(...there) - verifying)) break;
  }
  return largest;
}

/** Milliseconds. */
function onTheSpot(program: Program, payload: Uint8Array, verifier: RegionVerifier): number {
  const started = performance.now();
  verifier.verifyRegion(program, payload, new Uint32Array([0, payload.length]), 1, new Int32Array(2));
  return performance.now() - started;
}

async function throughThePool(program: Program, payload: Uint8Array, work: HeavyWork): Promise<number> {
  const started = performance.now();
  // A frame that takes the detour is copied, too.
  await work.verify(program, payload.slice(), 0, payload.length);
  return performance.now() - started;
}
