import { compile } from '../contracts/schemas.js';
import { median } from '../statistics.js';
import {
  compileSchema,
  kernels,
  measureOffloadBytes,
  measureVerifiers,
  type Program,
  payloadFromJson,
  startWorkerPool,
  typeScriptKernels,
} from '../verifiers/built.js';
import { buildGeneratedVerifier } from '../verifiers/cpp-verifier.js';
import { SAMPLES, type Sample, type SampleName } from '../verifiers/samples.js';
import { serveCommands } from './commands.js';

export type VerifierName = 'modwire' | 'modwire-typescript' | 'flatbuffers-cpp';

export interface VerifyJob {
  readonly system: VerifierName;
  readonly sample: SampleName;
  readonly warmupMs: number;
  readonly windowMs: number;
}

/** One sample is as many calls as take so long. Milliseconds. */
const SAMPLE_MS = 1;

serveCommands({
  /** Nanoseconds for one payload, the call's share included: the median over the samples. */
  async time({ system, sample: name, warmupMs, windowMs }: VerifyJob): Promise<{ time: number }> {
    const sample: Sample = SAMPLES[name];
    const { schema, root, program } = compileSchema(await compile(sample.schema));
    const payload = payloadFromJson(schema, root, Buffer.from(JSON.stringify(sample.value)));
    const { count } = sample;
    const stride = Math.ceil(payload.length / 8) * 8;
    const bytes = new Uint8Array(stride * count);
    const spans = new Uint32Array(2 * count);
    for (let index = 0; index < count; index++) {
      bytes.set(payload, index * stride);
      spans.set([index * stride, index * stride + payload.length], 2 * index);
    }
    const refused = await verifierOf(system, sample, program, bytes, spans);
    const step = () => {
      if (refused() > 0) throw new Error('a payload was refused');
    };
    return { time: timeOf(step, warmupMs, windowMs) / count };
  },

  /** From how many bytes on the addon and the worker pool cost less than TypeScript on the spot. */
  async pays(): Promise<{ native: number; pool: number }> {
    const native = measureVerifiers(typeScriptKernels().verifier, kernels().verifier).nativePaysFromBytes;
    if (native === undefined) throw new Error('native pays at no size that was measured');
    const pool = startWorkerPool({
      ...{ threads: 1, maxQueue: 16, taskMs: 10_000, maxWorkerBytes: 256 * 1024 * 1024 },
    });
    try {
      return { native, pool: await measureOffloadBytes(pool, kernels().verifier) };
    } finally {
      await pool.close();
    }
  },
});

/** Verifies the region and returns something above 0 when not all of it verifies. */
async function verifierOf(
  system: VerifierName,
  sample: Sample,
  program: Program,
  bytes: Uint8Array,
  spans: Uint32Array,
): Promise<() => number> {
  if (system === 'flatbuffers-cpp') {
    const verify = await buildGeneratedVerifier(sample);
    return () => verify(bytes, spans);
  }
  const { verifier } = system === 'modwire' ? kernels() : typeScriptKernels();
  const { count } = sample;
  if (count === 1) return () => verifier.verifyPayload(program, bytes, 0, spans[1]!);
  const verdicts = new Int32Array(2 * count);
  return () => verifier.verifyRegion(program, bytes, spans, count, verdicts);
}

/** Nanoseconds. */
function timeOf(step: () => void, warmupMs: number, windowMs: number): number {
  let calls = 1;
  const sample = () => {
    const begin = performance.now();
    for (let left = calls; left > 0; left--) step();
    return performance.now() - begin;
  };
  const warm = performance.now() + warmupMs;
  do {
    if (sample() < SAMPLE_MS) calls *= 2;
  } while (performance.now() < warm);
  const times: number[] = [];
  const end = performance.now() + windowMs;
  while (performance.now() < end) times.push(sample() / calls);
  return median(times) * 1e6;
}
