import { compileProgram } from '../../contracts/compile-program.js';
import type { RegionVerifier } from '../../contracts/region-verifier.js';
import { ModwireError } from '../../errors.js';
import { SAMPLE_SCHEMA, samplePayload } from '../../workers/sample-payload.js';

/** Tables in the payloads that are measured: each next one about twice as large. */
const TABLES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** Payloads that are verified in one call, where a region is. */
export const REGION_PAYLOADS = 64;

/** One time is the best of so many runs, each of at least so long, in milliseconds. */
const RUNS = 3;
const RUN_MS = 2;

/** What one payload costs. Nanoseconds, the call included. */
export interface MeasuredSize {
  /** Tables below the root table. */
  readonly tables: number;
  readonly bytes: number;
  readonly typescript: number;
  readonly native: number;
}

export interface Measured {
  /** Payloads one by one. */
  readonly single: readonly MeasuredSize[];
  /** The smallest of them, many in one call. */
  readonly region: MeasuredSize;
  /** From this size on, of those measured, native costs less for payloads one by one; undefined when nowhere. Bytes. */
  readonly nativePaysFromBytes: number | undefined;
}

/** Measures both verifiers with payloads of nested tables, in well below a second. */
export function measureVerifiers(typescript: RegionVerifier, native: RegionVerifier): Measured {
  const program = compileProgram(SAMPLE_SCHEMA, 0);
  const measure = (tables: number, count: number): MeasuredSize => {
    const payload = samplePayload(tables);
    const bytes = new Uint8Array(payload.length * count);
    const spans = new Uint32Array(2 * count);
    for (let index = 0; index < count; index++) {
      bytes.set(payload, index * payload.length);
      spans.set([index * payload.length, (index + 1) * payload.length], 2 * index);
    }
    const verdicts = new Int32Array(2 * count);
    const time = (verifier: RegionVerifier): number => {
      if (verifier.verifyRegion(program, bytes, spans, count, verdicts) > 0) {
        throw new ModwireError('INTERNAL', {
          what: 'the sample does not verify',
          got: `rule ${verdicts[0]}`,
        });
      }
      const nanos = bestTime(() => verifier.verifyRegion(program, bytes, spans, count, verdicts));
      return Math.round((nanos / count) * 10) / 10;
    };
    return { tables, bytes: payload.length, typescript: time(typescript), native: time(native) };
  };
  // Thrown away: what it warms up would be missing from the times of the first size.
  measure(TABLES.at(-1)!, 1);
  const single = TABLES.map((tables) => measure(tables, 1));
  return { single, region: measure(1, REGION_PAYLOADS), nativePaysFromBytes: paysFrom(single) };
}

/** The first size from which on native is never dearer. */
function paysFrom(sizes: readonly MeasuredSize[]): number | undefined {
  const last = sizes.findLastIndex(({ typescript, native }) => native >= typescript);
  return sizes[last + 1]?.bytes;
}

/** Nanoseconds that a call takes. */
function bestTime(call: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  let calls = 16;
  for (let run = 0; run < RUNS; ) {
    const started = performance.now();
    for (let left = calls; left > 0; left--) call();
    const ms = performance.now() - started;
    if (ms < RUN_MS) calls *= 2;
    else {
      best = Math.min(best, (ms * 1e6) / calls);
      run++;
    }
  }
  return best;
}
