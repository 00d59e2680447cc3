import type { BenchCase, RunContext } from '../bench-case.js';
import type { VerifierName, VerifyJob } from '../processes/verify.js';
import type { SampleName } from '../verifiers/samples.js';

const metrics = [{ name: 'time', unit: 'ns/payload', better: 'lower' }] as const;
const systems = ['modwire', 'modwire-typescript', 'flatbuffers-cpp'];

export const verifyNested: BenchCase = {
  name: 'verify-nested-64',
  about: 'verify one payload of 64 nested tables: the native addon, TypeScript, and C++ that flatc generates',
  metrics,
  systems,
  targets: { 'modwire-typescript': 3, 'flatbuffers-cpp': 1 / 1.5 },
  run: (system, context) => measure(system, 'nested', context),
};

export const verifyTexts: BenchCase = {
  name: 'verify-texts-64',
  about:
    'the same of 64 tables with five texts each: Modwire looks whether they are UTF-8, FlatBuffers does not',
  metrics,
  systems,
  run: (system, context) => measure(system, 'texts', context),
};

export const verifyRegion: BenchCase = {
  name: 'verify-region-64',
  about: 'verify 64 small payloads in one call, each',
  metrics,
  systems,
  ceilings: { time: 60 },
  run: (system, context) => measure(system, 'region', context),
};

export const verifyPays: BenchCase = {
  name: 'verify-pays',
  about: 'from what size on a payload costs less in the native addon, and in the worker pool',
  metrics: [
    { name: 'native', unit: 'bytes', better: 'lower' },
    { name: 'pool', unit: 'bytes', better: 'lower' },
  ],
  systems: ['modwire'],
  // A process for each run, so that none measures with what another has warmed up.
  run: (_, { processes }) => processes.fork('verify').ask('pays'),
};

async function measure(system: string, sample: SampleName, { processes, warmupMs, windowMs }: RunContext) {
  const job: VerifyJob = { system: system as VerifierName, sample, warmupMs, windowMs };
  const { time } = await processes.fork('verify').ask<{ time: number }>('time', job);
  return { time };
}
