import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatOf } from '../../src/tensors/datatype.js';
import { contentsOf, elementsOf } from '../../src/tensors/element-memory.js';
import {
  type AnyTensor,
  DATATYPES,
  type Datatype,
  encodeInferRequest,
  InferRequest,
  ModwireError,
  tensor,
} from '../../src/tensors/index.js';
import { makeTensors, tensorPlans } from '../support/tensor-arbitrary.js';

/** Ends of the whole numbers that each datatype can be. */
const RANGES = [
  ['UINT8', 0, 255],
  ['UINT16', 0, 65_535],
  ['UINT32', 0, 4_294_967_295],
  ['UINT64', 0n, 18_446_744_073_709_551_615n],
  ['INT8', -128, 127],
  ['INT16', -32_768, 32_767],
  ['INT32', -2_147_483_648, 2_147_483_647],
  ['INT64', -9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
] as const;

const make = tensor as (datatype: string, shape: unknown, values: unknown, options?: object) => AnyTensor;

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ModwireError);
    expect((thrown as ModwireError).code).toBe('INVALID_ARGUMENT');
    return (thrown as ModwireError).message;
  }
  return 'none';
}

describe('a tensor', () => {
  it('takes an array of its own kind as it is, without a copy', () => {
    const values = Float32Array.of(9, 1, 2, 3, 4).subarray(1);
    const { data, contents } = tensor('FP32', [2, 2], values);
    expect(data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect([data.buffer, contents.buffer]).toEqual([values.buffer, values.buffer]);
    values[0] = 7;
    expect(data[0]).toBe(7);
  });

  it.each(RANGES)('of %s takes whole numbers from %s to %s, and no others', (datatype, least, most) => {
    expect([...make(datatype, [2], [least, most]).data]).toEqual([least, most]);
    const one = typeof least === 'bigint' ? 1n : 1;
    const text = `a whole number from ${least} to ${most}`;
    for (const wrong of [
      (least as number) - (one as number),
      (most as number) + (one as number),
      0.5,
      Number.NaN,
      '1',
      null,
    ]) {
      expect(refusal(() => make(datatype, [2], [1, wrong]))).toContain(`expected ${text}, got `);
      expect(refusal(() => make(datatype, [2], [1, wrong]))).toContain('(values[1])');
    }
  });

  it('of 64 bits takes numbers that are exact, bigints and both', () => {
    expect(tensor('INT64', [3], [-1, 2n, Number.MAX_SAFE_INTEGER]).data).toEqual(
      BigInt64Array.of(-1n, 2n, 9_007_199_254_740_991n),
    );
    expect(refusal(() => tensor('UINT64', [1], [2 ** 53]))).toContain('got 9007199254740992');
    expect(refusal(() => tensor('INT32', [1], [1n as never]))).toContain('got 1');
  });

  it('of BOOL takes what is true or false, and 1 or 0', () => {
    expect(tensor('BOOL', [4], [true, false, 1, 0]).data).toEqual(Uint8Array.of(1, 0, 1, 0));
    expect(refusal(() => tensor('BOOL', [1], [2]))).toContain('expected a whole number from 0 to 1');
    expect(refusal(() => tensor('UINT8', [1], [true as never]))).toContain('got true');
  });

  it('of FP32 and FP64 takes any numbers, from any array', () => {
    expect(tensor('FP32', [3], [0.1, Number.NaN, 1e300]).data).toEqual(
      Float32Array.of(0.1, Number.NaN, Number.POSITIVE_INFINITY),
    );
    expect(tensor('FP64', [2], Float32Array.of(0.5, -0)).data).toEqual(Float64Array.of(0.5, -0));
    expect(refusal(() => tensor('FP32', [1], [undefined as never]))).toContain(
      'expected a number, got undefined',
    );
  });

  it('of BYTES takes texts and bytes, and gives them back one by one', () => {
    const words = tensor('BYTES', [2, 2], ['größe', Uint8Array.of(1, 2), '', '🐘']);
    expect(words.contents.subarray(0, 6)).toEqual(Uint8Array.of(7, 0, 0, 0, 103, 114));
    expect([...words.elements()][1]).toEqual(Uint8Array.of(1, 2));
    expect(words.strings()).toEqual(['größe', '\u0001\u0002', '', '🐘']);
    expect(tensor('BYTES', [4], words.data).strings()).toEqual(words.strings());
    expect(refusal(() => tensor('BYTES', [1], [Uint8Array.of(0xff)]).strings())).toContain('expected UTF-8');
    expect(refusal(() => tensor('BYTES', [1], [7 as never]))).toContain('got number (values[0])');
  });

  it('of one datatype is not asked for what another has', () => {
    expect(refusal(() => tensor('FP32', [1], [1]).elements())).toContain('expected BYTES, got FP32');
    expect(refusal(() => tensor('INT8', [1], [1], { name: 'x' }).toFloat32())).toContain(
      'expected FP16, BF16 or FP32, got INT8 (tensor x)',
    );
  });

  it('of halves takes numbers, rounded, and their bits as they are', () => {
    expect(tensor('FP16', [3], [1, 65_520, 1 / 3]).data).toEqual(Uint16Array.of(0x3c00, 0x7c00, 0x3555));
    expect(tensor('BF16', [2], Float32Array.of(1, -2)).data).toEqual(Uint16Array.of(0x3f80, 0xc000));
    expect(tensor('FP16', [1], Uint16Array.of(0x4000)).toFloat32()).toEqual(Float32Array.of(2));
    expect(tensor('BF16', [1], Uint16Array.of(0x4000)).toFloat32()).toEqual(Float32Array.of(2));
    const wide = tensor('FP32', [1], [2]);
    expect(wide.toFloat32()).toBe(wide.data);
  });

  it.each([
    [[2, -1], 'not a shape: dimension 1 is -1, expected a whole number from 0 to 2^53-1 (tensor x)'],
    [[1.5], 'dimension 0 is 1.5'],
    [['2'], 'dimension 0 is 2, expected a whole number'],
    [[2 ** 53], 'dimension 0 is 9007199254740992'],
    [[2 ** 40, 2 ** 40], '[1099511627776,1099511627776] has more than 2^53-1 elements'],
    [[0, 2 ** 40, 2 ** 40], 'has more than 2^53-1 elements'],
    [Array(65).fill(1), '65 dimensions, at most 64 are allowed'],
    ['4', 'not a shape: string, expected an array'],
  ])('has no shape %j', (shape, why) => {
    expect(refusal(() => make('INT8', shape, [1], { name: 'x' }))).toContain(why);
  });

  it('has as many values as its shape says, for every datatype', () => {
    fc.assert(
      fc.property(tensorPlans, fc.nat(4), (plan, more) => {
        const [made] = makeTensors([plan]);
        expect(made!.size).toBe(plan.values.length);
        const shape = [...plan.shape, more];
        fc.pre(made!.size * more !== made!.size);
        expect(refusal(() => make(plan.datatype, shape, plan.values))).toContain(
          `the values do not fill the shape [${shape}]: `,
        );
      }),
    );
  });

  it('says how many bytes and elements were expected', () => {
    const fill = 'the values do not fill the shape';
    expect(refusal(() => tensor('FP32', [2, 3], [1, 2, 3, 4]))).toBe(
      `${fill} [2,3]: 6 of FP32 take 24 bytes, got 16 (tensor)`,
    );
    expect(refusal(() => tensor('BYTES', [3], ['a', 'b']))).toContain(
      'contents hold 2 elements, the shape has 3',
    );
    expect(refusal(() => tensor('BYTES', [1], ['a', 'b']))).toContain('5 bytes after the last of 1 element');
    const cut = tensor('BYTES', [1], ['abc']).data;
    expect(refusal(() => tensor('BYTES', [1], cut.subarray(0, 5)))).toContain('element 0 runs 2 bytes past');
    expect(refusal(() => tensor('BYTES', [1], cut.subarray(0, 3)))).toContain(
      'the length of element 0 runs past',
    );
  });

  it('is made of an array, of a datatype that there is', () => {
    expect(refusal(() => make('INT8', [1], undefined))).toContain(
      'expected an array: Int8Array or any other, got undefined',
    );
    expect(refusal(() => make('BYTES', [1], 'a'))).toContain('got string');
    for (const wrong of ['fp32', 'toString', undefined, 11]) {
      expect(refusal(() => make(wrong as string, [1], [1]))).toContain(
        'not a datatype: expected one of BOOL, ',
      );
    }
  });
});

describe('elements on a machine that is not little-endian', () => {
  it('come out of contents as they went in, and turned around in between', () => {
    fc.assert(
      fc.property(tensorPlans, (plan) => {
        fc.pre(plan.datatype !== 'BYTES');
        const [made] = makeTensors([plan]);
        const turned = contentsOf(made!.data, false);
        expect(elementsOf(turned, formatOf(plan.datatype), false)).toEqual(made!.data);
      }),
    );
    expect(contentsOf(Uint16Array.of(0x0102, 0x0304), false)).toEqual(
      contentsOf(Uint16Array.of(0x0201, 0x0403), true),
    );
  });
});

describe('a request and a response', () => {
  const x = tensor('INT8', [1], [1], { name: 'x' });

  it.each<[string, object]>([
    ['modelName is not valid: expected a name, got ""', { modelName: '' }],
    ['modelName is not valid: expected a string, got number', { modelName: 7 }],
    ['modelVersion is not valid', { modelVersion: 7 }],
    ['id is not valid', { id: {} }],
    ['a tensor has no name', { inputs: [tensor('INT8', [1], [1])] }],
    ['two tensors have one name: expected a name for each, got x (inputs[1])', { inputs: [x, x] }],
    ['not a tensor: expected what tensor() returns, got object (inputs[1])', { inputs: [x, { ...x }] }],
    ['inputs is no list: expected an array of tensors, got undefined', { inputs: undefined }],
    ['outputs is no list: expected an array of names, got string', { outputs: 's' }],
    ['not the name of an output', { outputs: [null] }],
    ['not the name of an output: expected a name, each once, got "a" (outputs[1])', { outputs: ['a', 'a'] }],
    ['not the name of an output', { outputs: [''] }],
    ['not the name of an output', { outputs: [{ name: 7 }] }],
    ['got object (parameters.a)', { parameters: { a: {} } }],
    ['got 9223372036854775808 (parameters.a)', { parameters: { a: 2n ** 63n } }],
    ['got undefined (outputs[0].parameters.a)', { outputs: [{ name: 's', parameters: { a: undefined } }] }],
  ])('is refused: %s', (why, fields) => {
    expect(refusal(() => encodeInferRequest({ modelName: 'm', inputs: [x], ...fields } as never))).toContain(
      why,
    );
  });

  it('has tensors whose parameters are such', () => {
    expect(refusal(() => make('INT8', [1], [1], { parameters: { a: null } }))).toContain(
      'got object (parameters.a)',
    );
  });

  it('tells by the datatype of what type the data are', () => {
    const { inputs } = new InferRequest({ modelName: 'm', inputs: [x] });
    const sums = inputs.map((input) =>
      input.datatype === 'INT64' ? (input.data satisfies BigInt64Array) : 0,
    );
    expect(sums).toEqual([0]);
    expect(DATATYPES satisfies Datatype[]).toHaveLength(14);
  });
});
