/** What native/addon.cc exports. Functions throw TypeError and RangeError for arguments that they cannot work on. */
export interface NativeAddon {
  readonly interfaceVersion: number;
  /** Instructions that the kernels found on this processor. */
  readonly features: NativeFeatures;
  /** Checks and copies the code of a program. */
  createProgram(code: Int32Array): ProgramHandle;
  /** As `RegionVerifier.verifyRegion`. `verdicts` shares no memory with the others. */
  verifyRegion(
    program: ProgramHandle,
    bytes: Uint8Array,
    spans: Uint32Array,
    count: number,
    verdicts: Int32Array,
  ): number;
  /** As `RegionVerifier.verifyPayload`. */
  verifyPayload(program: ProgramHandle, bytes: Uint8Array, start: number, end: number): number;
  crc32c(bytes: Uint8Array, start: number, end: number, seed: number): number;
  isUtf8(bytes: Uint8Array, start: number, end: number): boolean;
  float32ToFloat16(source: Float32Array, target: Uint16Array): void;
  float16ToFloat32(source: Uint16Array, target: Float32Array): void;
  float32ToBfloat16(source: Float32Array, target: Uint16Array): void;
  bfloat16ToFloat32(source: Uint16Array, target: Float32Array): void;
}

export interface NativeFeatures {
  readonly crc32c: 'sse4.2' | 'slicing-by-8';
  readonly float16: 'f16c' | 'portable';
}

declare const brand: unique symbol;

/** A program inside the addon; it lives as long as this value does, in the thread that made it. */
export interface ProgramHandle {
  readonly [brand]: 'ProgramHandle';
}

/** kInterface of native/addon.cc. */
export const INTERFACE_VERSION = 2;
