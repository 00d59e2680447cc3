/** codec/half-float.ts for Node.js: through the addon where it is in use, which is loaded with the first conversion. */
import { kernels } from './kernels.js';

export function float32ToFloat16(source: Float32Array, target: Uint16Array): void {
  kernels().float32ToFloat16(source, target);
}

export function float16ToFloat32(source: Uint16Array, target: Float32Array): void {
  kernels().float16ToFloat32(source, target);
}

export function float32ToBfloat16(source: Float32Array, target: Uint16Array): void {
  kernels().float32ToBfloat16(source, target);
}

export function bfloat16ToFloat32(source: Uint16Array, target: Float32Array): void {
  kernels().bfloat16ToFloat32(source, target);
}
