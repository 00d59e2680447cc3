import type * as MeasureVerifiersModule from '../../dist/cli/doctor/measure.js';
import type * as CompileSchemaModule from '../../dist/contracts/compile-schema.js';
import type * as PayloadFromJsonModule from '../../dist/contracts/json/payload-from-json.js';
import type { Program } from '../../dist/contracts/program.js';
import type * as KernelsModule from '../../dist/native/kernels.js';
import type * as LoadNativeModule from '../../dist/native/load-native.js';
import type * as MeasureOffloadModule from '../../dist/workers/measure-offload.js';
import type * as WorkerPoolModule from '../../dist/workers/worker-pool.js';

export type { Program };

// None of these is part of the package's interface, so they are taken from its files: those lie elsewhere as seen from
// the compiled benchmark than from this source, hence the address made at run time.
const BUILT = new URL('../../../dist/', import.meta.url);

async function load<Module>(name: string): Promise<Module> {
  return (await import(new URL(`${name}.js`, BUILT).href)) as Module;
}

export const { compileSchema } = await load<typeof CompileSchemaModule>('contracts/compile-schema');
export const { payloadFromJson } = await load<typeof PayloadFromJsonModule>(
  'contracts/json/payload-from-json',
);
export const { kernels, typeScriptKernels } = await load<typeof KernelsModule>('native/kernels');
export const { nativeStatus } = await load<typeof LoadNativeModule>('native/load-native');
export const { measureOffloadBytes } = await load<typeof MeasureOffloadModule>('workers/measure-offload');
export const { measureVerifiers } = await load<typeof MeasureVerifiersModule>('cli/doctor/measure');
export const { startWorkerPool } = await load<typeof WorkerPoolModule>('workers/worker-pool');
