import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as portable from '../../src/codec/half-float.js';
import { nativeKernels } from '../../src/native/kernels.js';
import { tensor } from '../../src/tensors/index.js';
import { runNode } from '../native/run-node.js';
import { BF16, FP16, float32Edges, nearestHalf } from '../support/half-numbers.js';
import { builtAddon, PACKAGE_FOLDER } from '../support/native-addon.js';

const addon = builtAddon();

const numbers = fc
  .uint8Array({ minLength: 4, maxLength: 400 })
  .map((bytes) => new Float32Array(bytes.slice(0, bytes.length & ~3).buffer));

describe.each([
  { format: FP16, datatype: 'FP16', narrow: 'float32ToFloat16', widen: 'float16ToFloat32' },
  { format: BF16, datatype: 'BF16', narrow: 'float32ToBfloat16', widen: 'bfloat16ToFloat32' },
] as const)('a tensor of $datatype', ({ format, datatype, narrow, widen }) => {
  it('holds what is nearest to each number at an edge', () => {
    const edges = float32Edges();
    const { data } = tensor(datatype, [edges.length], new Float32Array(edges.buffer));
    expect(data).toEqual(Uint16Array.from(edges, (bits) => nearestHalf(format, bits)));
  });

  it('is the same as its numbers in a list', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true })), (list) => {
        const made = tensor(datatype, [list.length], list);
        expect(made.data).toEqual(tensor(datatype, [list.length], Float32Array.from(list)).data);
      }),
    );
  });

  it.skipIf(addon === undefined)('has the same bits and the same numbers with the addon and without', () => {
    const native = nativeKernels(addon!);
    fc.assert(
      fc.property(numbers, (values) => {
        const made = tensor(datatype, [values.length], values);
        for (const kernels of [native, portable]) {
          const bits = new Uint16Array(values.length);
          kernels[narrow](values, bits);
          expect(made.data).toEqual(bits);
          const wide = new Float32Array(values.length);
          kernels[widen](bits, wide);
          expect(new Uint32Array(made.toFloat32().buffer)).toEqual(new Uint32Array(wide.buffer));
        }
      }),
    );
  });
});

/** Prints the kernels in use, and sums of what a tensor of every half becomes and comes from. */
const PROGRAM = `
  import { createHash } from 'node:crypto';
  import { tensor } from 'modwire/tensors';
  import { nativeStatus } from './dist/native/load-native.js';
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const sum = (array) => createHash('sha256').update(new Uint8Array(array.buffer)).digest('hex');
  const sums = ['FP16', 'BF16'].flatMap((datatype) => {
    const wide = tensor(datatype, [65536], all).toFloat32();
    return [sum(wide), sum(tensor(datatype, [65536], wide).data)];
  });
  console.log(JSON.stringify({ native: nativeStatus().inUse, sums }));
`;

it.skipIf(addon === undefined)(
  'the package takes the addon for halves where it may, with the same results',
  async () => {
    const runs = await Promise.all(
      ['0', '1'].map((MODWIRE_NATIVE) =>
        runNode(['--input-type=module', '--eval', PROGRAM], { MODWIRE_NATIVE }, PACKAGE_FOLDER),
      ),
    );
    const [without, having] = runs.map(({ stdout, stderr }) => JSON.parse(stdout || JSON.stringify(stderr)));
    expect(without).toMatchObject({ native: false });
    expect(having).toEqual({ native: true, sums: without.sums });
  },
);

it.skipIf(addon === undefined)('a program without halves never loads the addon', async () => {
  const program = `
    import { decodeInferRequest, encodeInferRequest, tensor } from 'modwire/tensors';
    const inputs = [tensor('FP32', [2], [1, 2], { name: 'x' })];
    decodeInferRequest(encodeInferRequest({ modelName: 'm', inputs }));
    const loaded = process.report.getReport().sharedObjects;
    console.log(loaded.some((path) => path.endsWith('modwire.node')));
  `;
  const run = await runNode(
    ['--input-type=module', '--eval', program],
    { MODWIRE_NATIVE: '1' },
    PACKAGE_FOLDER,
  );
  expect(run).toMatchObject({ code: 0, stdout: 'false\n' });
});
