import { compile } from '../contracts/schemas.js';
import { median } from '../statistics.js';
import {
  compileSchema,
  kernels,
  measureOffloadBytes,
  measureVerifiers,
  payloadFromJson,
  startWorkerPool,
  typeScriptKernels,
} from '../verifiers/built.js';
import { timeGeneratedVerifier } from '../verifiers/cpp-verifier.js';
import { type Sample, type SampleName, SAMPLES } from '../verifiers/samples.js';
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
    if (system === 'flatbuffers-cpp') {
      return { time: await timeGeneratedVerifier(sample, payload, warmupMs, windowMs) };
    }
    const { verifier } = system === 'modwire' ? kernels() : typeScriptKernels();
    const { count } = sample;
    const stride = Math.ceil(payload.length / 8) * 8;
    const bytes = new Uint8Array(stride * count);
    const spans = new Uint32Array(2 * count);
    for (let index = 0; index < count; index++) {
      bytes.set(payload, index * stride);
      spans.set([index * stride, index * stride + payload.length], 2 * index);
    }
    const verdicts = new Int32Array(2 * count);
    const step = () => {
      const refused = verifier.verifyRegion(program, bytes, spans, count, verdicts);
      if (refused > 0) throw new Error(`${refused} payloads were refused`);
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
