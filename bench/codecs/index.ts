import type { CodecMaker } from './codec.js';

/**
 * The systems of the codec cases. Each is loaded only in the process that measures it, so that none shares a heap,
 * compiled code or a patched global with another.
 */
export const CODECS = {
  modwire: async () => (await import('./modwire.js')).modwireCodec,
  'flatbuffers-generated': async () => (await import('./flatbuffers.js')).flatbuffersCodec,
  msgpackr: async () => (await import('./msgpackr.js')).msgpackrCodec,
  protobufjs: async () => (await import('./protobufjs.js')).protobufjsCodec,
  json: async () => (await import('./json.js')).jsonCodec,
} as const satisfies Record<string, () => Promise<CodecMaker>>;

export type CodecName = keyof typeof CODECS;
