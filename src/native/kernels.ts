import { crc32c } from '../codec/crc32c.js';
import * as half from '../codec/half-float.js';
import { isUtf8 } from '../codec/utf8.js';
import type { RegionVerifier } from '../contracts/region-verifier.js';
import { TypeScriptVerifier } from '../contracts/typescript-verifier.js';
import { loadNative } from './load-native.js';
import type { NativeAddon } from './native-addon.js';
import { NativeVerifier } from './native-verifier.js';

/** The kernels in use: of the native addon or in TypeScript, with the same results. */
export interface Kernels {
  /** Whether the addon is there. Small inputs are TypeScript's all the same: a call costs more than they do. */
  readonly native: boolean;
  readonly verifier: RegionVerifier;
  /** CRC-32C of bytes `start` to `end`; `seed` is that of the bytes before them, 0 by default. */
  crc32c(bytes: Uint8Array, start: number, end: number, seed?: number): number;
  isUtf8(bytes: Uint8Array, start: number, end: number): boolean;
  /** Halves stand in a Uint16Array as bits. Throws INVALID_ARGUMENT unless both have one length and share no memory. */
  float32ToFloat16(source: Float32Array, target: Uint16Array): void;
  float16ToFloat32(source: Uint16Array, target: Float32Array): void;
  float32ToBfloat16(source: Float32Array, target: Uint16Array): void;
  bfloat16ToFloat32(source: Uint16Array, target: Float32Array): void;
}

/** From these sizes on a call of the addon costs less than the loop in TypeScript; measured, docs/native.md. */
const CRC32C_BYTES = 80;
const UTF8_BYTES = 64;
const CONVERSION_NUMBERS = 16;

let inUse: Kernels | undefined;

/** The kernels of this process or thread. Throws as `loadNative` does. */
export function kernels(): Kernels {
  if (inUse === undefined) {
    const addon = loadNative();
    inUse = addon === undefined ? typeScriptKernels() : nativeKernels(addon);
  }
  return inUse;
}

export function typeScriptKernels(): Kernels {
  return { native: false, verifier: new TypeScriptVerifier(), crc32c, isUtf8, ...half };
}

export function nativeKernels(addon: NativeAddon): Kernels {
  return {
    native: true,
    verifier: new NativeVerifier(addon),
    crc32c(bytes, start, end, seed = 0) {
      return end - start < CRC32C_BYTES
        ? crc32c(bytes, start, end, seed)
        : addon.crc32c(bytes, start, end, seed);
    },
    isUtf8(bytes, start, end) {
      return end - start < UTF8_BYTES ? isUtf8(bytes, start, end) : addon.isUtf8(bytes, start, end);
    },
    float32ToFloat16: converter(half.float32ToFloat16, addon.float32ToFloat16),
    float16ToFloat32: converter(half.float16ToFloat32, addon.float16ToFloat32),
    float32ToBfloat16: converter(half.float32ToBfloat16, addon.float32ToBfloat16),
    bfloat16ToFloat32: converter(half.bfloat16ToFloat32, addon.bfloat16ToFloat32),
  };
}

type Numbers = Float32Array | Uint16Array;
type Convert<Source extends Numbers, Target extends Numbers> = (source: Source, target: Target) => void;

function converter<Source extends Numbers, Target extends Numbers>(
  inTypeScript: Convert<Source, Target>,
  native: Convert<Source, Target>,
): Convert<Source, Target> {
  return (source, target) => {
    if (source.length < CONVERSION_NUMBERS) return inTypeScript(source, target);
    // Both refuse the same with the same error.
    half.checkConversion(source, target);
    native(source, target);
  };
}
