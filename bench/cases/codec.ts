import type { BenchCase, RunContext } from '../bench-case.js';
import type { CodecJob, CodecResult } from '../processes/codec.js';

const metrics = [{ name: 'time', unit: 'ns/frame', better: 'lower' }] as const;

export const codecEncode: BenchCase = {
  name: 'codec-encode-256B',
  about: 'encode one frame: a 256-byte payload and the usual fields',
  metrics,
  systems: ['modwire', 'flatbuffers-generated', 'msgpackr', 'protobufjs', 'json'],
  targets: { 'flatbuffers-generated': 12, msgpackr: 5, protobufjs: 5 },
  run: (system, context) => measure(system, 'encode', context),
};

export const codecDecode: BenchCase = {
  name: 'codec-decode-256B',
  about: 'check the same frame, stamped by the broker, and read sequence, publishedAt and payload length',
  metrics,
  systems: ['modwire', 'msgpackr', 'protobufjs', 'json'],
  targets: { json: 12, msgpackr: 3, protobufjs: 3 },
  run: (system, context) => measure(system, 'decode', context),
};

async function measure(system: string, operation: CodecJob['operation'], context: RunContext) {
  const { warmupMs, windowMs } = context;
  // A process for each run, so that no system inherits another's heap or compiled code.
  const worker = context.processes.fork('codec');
  const { time } = await worker.ask<CodecResult>('run', { system, operation, warmupMs, windowMs });
  return { time };
}
