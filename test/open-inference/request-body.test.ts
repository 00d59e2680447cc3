import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../src/errors.js';
import { requestFromBody } from '../../src/open-inference/request-body.js';
import { decodeInferRequest } from '../../src/tensors/index.js';

const MODEL = { name: 'm', version: '3' };

function read(json: string | object, binary: Uint8Array = new Uint8Array(0), jsonBytes?: number) {
  const text = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const bytes = new Uint8Array(Buffer.concat([text, binary]));
  const length = jsonBytes ?? (binary.length > 0 ? text.length : undefined);
  const { payload, form } = requestFromBody({ bytes, jsonBytes: length }, MODEL);
  return { request: decodeInferRequest(payload), form };
}

function refusal(...args: Parameters<typeof read>): string {
  try {
    read(...args);
  } catch (thrown) {
    if (thrown instanceof ModwireError && thrown.code === 'INVALID_ARGUMENT') return thrown.message;
    throw thrown;
  }
  throw new Error('not refused');
}

/** A request with one input. */
const one = (input: object) => ({
  inputs: [{ name: 'x', datatype: 'INT32', shape: [2], data: [1, 2], ...input }],
});

describe('a request of the protocol', () => {
  it('becomes a payload, its members in any order and those beside them passed over', () => {
    const { request, form } = read(
      `{ "later": {"inputs": [[]]}, "outputs": [{"parameters": {"classification": 3}, "name": "y"}],
         "inputs": [{"data": [[1, 2], [3, 4], [5, 6]], "extra": null, "shape": [3, 2], "name": "x", "datatype": "UINT8"}],
         "parameters": {"a": 1.5, "b": true, "c": "t", "d": 9223372036854775807, "e": -3}, "id": "ü7" }`,
    );
    expect([request.modelName, request.modelVersion, request.id]).toEqual(['m', '3', 'ü7']);
    expect({ ...request.parameters }).toEqual({ a: 1.5, b: true, c: 't', d: 9223372036854775807n, e: -3 });
    expect(request.input('x').shape).toEqual([3, 2]);
    expect([...request.input('x').contents]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(request.outputs.map(({ name, parameters }) => [name, { ...parameters }])).toEqual([
      ['y', { classification: 3 }],
    ]);
    expect(form).toEqual({ binary: false, outputs: [{ name: 'y', binary: false }] });
  });

  it.each([
    ['BOOL', [true, false, 1], [1, 0, 1]],
    ['UINT8', [0, 255], [0, 255]],
    ['INT8', [-128, 127], [-128, 127]],
    ['UINT16', [65535], [65535]],
    ['INT16', [-32768], [-32768]],
    ['UINT32', [4294967295, 1e3], [4294967295, 1000]],
    ['INT32', [-2147483648], [-2147483648]],
    ['FP32', [0.1, -3.4e38], [0.1, -3.4e38].map(Math.fround)],
    ['FP64', [0.1, 5e-324], [0.1, 5e-324]],
  ] as const)('reads values of %s', (datatype, data, expected) => {
    const { request } = read(one({ datatype, data, shape: [data.length] }));
    expect([...(request.input('x').data as Float64Array)]).toEqual(expected);
  });

  it('reads integers of 64 bits without loss, halves rounded to nearest, and texts', () => {
    const wide =
      read(`{"inputs": [{"name": "x", "datatype": "UINT64", "shape": [2], "data": [18446744073709551615, 7]},
      {"name": "y", "datatype": "INT64", "shape": [1, 2], "data": [[-9223372036854775808, 9007199254740993]]}]}`);
    expect([...(wide.request.input('x').data as BigUint64Array)]).toEqual([2n ** 64n - 1n, 7n]);
    expect([...(wide.request.input('y').data as BigInt64Array)]).toEqual([-(2n ** 63n), 2n ** 53n + 1n]);
    const half = read(one({ datatype: 'FP16', data: [65519, 0.1] })).request.input('x');
    expect([...half.toFloat32()]).toEqual([65504, 0.0999755859375]);
    const text = read(one({ datatype: 'BYTES', data: ['', 'größe\u0000😀'] })).request.input('x');
    expect(text.strings()).toEqual(['', 'größe\u0000😀']);
  });

  it('reads a single value, no values, and empty rows', () => {
    expect(read(one({ shape: [], data: [7] })).request.input('x').shape).toEqual([]);
    expect(read(one({ shape: [0, 3], data: [] })).request.input('x').size).toBe(0);
    expect(read(one({ shape: [2, 0], data: [[], []] })).request.input('x').size).toBe(0);
    expect(read({ inputs: [] }).request.inputs).toEqual([]);
  });

  it('takes binary data in the order of the inputs, and keeps what speaks of it from the model', () => {
    const binary = Buffer.from('000080bf0000003f02000000686900000000', 'hex');
    const { request, form } = read(
      {
        parameters: { binary_data_output: true, k: 1 },
        inputs: [
          { name: 'a', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } },
          { name: 'b', datatype: 'INT8', shape: [1], data: [5] },
          { name: 'c', datatype: 'BYTES', shape: [2], parameters: { binary_data_size: 10, own: 'p' } },
        ],
        outputs: [{ name: 'y' }, { name: 'z', parameters: { binary_data: false } }],
      },
      binary,
    );
    expect([...(request.input('a').data as Float32Array)]).toEqual([-1, 0.5]);
    expect(request.input('c').strings()).toEqual(['hi', '']);
    expect(
      [request, request.input('a'), request.input('c')].map(({ parameters }) => ({ ...parameters })),
    ).toEqual([{ k: 1 }, {}, { own: 'p' }]);
    expect(request.outputs.map(({ parameters }) => ({ ...parameters }))).toEqual([{}, {}]);
    const wanted = [
      { name: 'y', binary: true },
      { name: 'z', binary: false },
    ];
    expect(form).toEqual({ binary: true, outputs: wanted });
  });

  it.each([
    ['{"inputs":', 'not JSON'],
    ['[]', '(body)'],
    ['{}', '(inputs)'],
    ['{"inputs": {}}', '(inputs)'],
    ['{"inputs": [1]}', '(inputs[0])'],
    ['{"inputs": []} x', 'byte 15'],
    ['{"inputs": [], "inputs": []}', 'twice'],
    ['{"inputs": [], "id": 7}', '(id)'],
    ['{"inputs": [], "parameters": {"a": [1]}}', '(parameters.a)'],
    ['{"inputs": [], "parameters": {"a": null}}', '(parameters.a)'],
    ['{"inputs": [], "parameters": {"a": 9223372036854775808}}', 'parameters.a'],
    ['{"inputs": [], "parameters": {"binary_data_output": 1}}', 'binary_data_output'],
    ['{"inputs": [], "outputs": [{}]}', '(outputs[0].name)'],
    ['{"inputs": [], "outputs": [{"name": "y"}, {"name": "y"}]}', 'outputs[1]'],
    ['{"inputs": [], "outputs": [{"name": "y", "parameters": {"binary_data": "yes"}}]}', 'binary_data'],
  ])('is refused with the place: %s', (json, place) => {
    expect(refusal(json)).toContain(place);
  });

  it.each([
    [{ name: undefined }, '(inputs[0].name)'],
    [{ name: '' }, 'no name'],
    [{ datatype: undefined }, '(inputs[0].datatype)'],
    [{ datatype: 'float32' }, 'not a datatype'],
    [{ shape: undefined }, '(inputs[0].shape)'],
    [{ shape: [-1] }, 'dimension 0 is -1'],
    [{ shape: [1.5] }, 'dimension 0 is 1.5'],
    [{ shape: ['2'] }, '(inputs[0].shape[0])'],
    [{ shape: Array(65).fill(1) }, '65 dimensions'],
    [{ shape: [2 ** 40, 2 ** 40] }, '2^53-1'],
    [{ shape: [2 ** 50] }, 'expected 1125899906842624 values'],
    [{ shape: [3] }, 'expected 3 values, as the shape [3] says, got 2'],
    [{ shape: [1, 3], data: [[1, 2]] }, 'lists of 3 in dimension 1 of [1,3], got one of 2'],
    [{ shape: [2, 1], data: [[1, 2]] }, 'lists of 1 in dimension 1'],
    [{ shape: [2, 1], data: [[1], 2] }, 'expected a list'],
    [{ shape: [2, 1], data: [1, [2]] }, 'expected a whole number, got array'],
    [{ shape: [1, 1], data: [[[1]]] }, 'got array'],
    [{ data: 'AQI=' }, 'expected a list of values, got string'],
    [{ data: [1, '2'] }, '(inputs[0].data, value 1)'],
    [{ data: [1, null] }, 'got null'],
    [{ data: [1, 1.5] }, 'values[1]'],
    [{ data: [1, 2147483648] }, 'values[1]'],
    [{ datatype: 'BOOL', data: [true, 2] }, 'values[1]'],
    [{ datatype: 'BOOL', data: [true, 'true'] }, 'true or false'],
    [{ datatype: 'FP16', data: [1, 65520] }, 'fits FP16'],
    [{ datatype: 'FP32', data: [1, 3.5e38] }, 'fits FP32'],
    [{ datatype: 'FP32', data: [1, 'NaN'] }, 'expected a number'],
    [{ datatype: 'BYTES', data: ['a', 1] }, 'expected a string'],
    [{ data: undefined }, 'got neither'],
    [{ parameters: { binary_data_size: 8 } }, 'got both'],
    [{ parameters: { binary_data_size: '8' } }, 'binary_data_size'],
  ])('is refused for an input with %o', (input, message) => {
    const text = refusal(one(input));
    expect(text).toContain(message);
    expect(text).toContain('inputs');
  });

  it('is refused for numbers that no FP64 has, and for what is no integer of 64 bits', () => {
    const input = (datatype: string, value: string) =>
      `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"data":[${value}]}]}`;
    expect(refusal(input('FP64', '1e999'))).toContain('fits FP64');
    for (const value of ['18446744073709551616', '-1', '1.5', '1e30']) {
      expect(refusal(input('UINT64', value))).toContain(
        `that fits UINT64, got ${value} (inputs[0].data, value 0)`,
      );
    }
    for (const value of ['9223372036854775808', '-9223372036854775809']) {
      expect(refusal(input('INT64', value))).toContain('fits INT64');
    }
    expect(refusal(input('INT64', '"1"'))).toContain('expected a whole number, got string');
  });

  it.each([
    [8, 12, [2], '4 more'],
    [12, 12, [2], '2 of INT32 take 8 bytes, got 12'],
    [6, 6, [2], 'a multiple of 4 bytes, got 6'],
    [8, 4, [2], 'up to the 4 that are left'],
    [-4, 4, [1], 'got -4'],
    [1.5, 4, [1], 'got 1.5'],
  ])('is refused for %i bytes as the size of %i', (size, length, shape, message) => {
    const input = { name: 'x', datatype: 'INT32', shape, parameters: { binary_data_size: size } };
    expect(refusal({ inputs: [input] }, new Uint8Array(length))).toContain(message);
  });

  it('is refused for two inputs of one name, and for a length of its JSON that cannot be', () => {
    const input = one({}).inputs[0];
    expect(refusal({ inputs: [input, input] })).toContain('inputs[1]');
    expect(refusal({ inputs: [] }, undefined, 0)).toContain('Inference-Header-Content-Length');
    expect(refusal({ inputs: [] }, undefined, 14)).toContain('13 bytes');
    expect(refusal({ inputs: [] }, undefined, 12)).toContain('not JSON');
    expect(refusal('')).toContain('1 to the body');
  });

  it('costs no more than its bytes: a claim of a large shape, and lists deep in lists', () => {
    expect(refusal(one({ shape: [2 ** 52, 1] }))).toContain('values');
    const deep = `{"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":${'['.repeat(100_000)}`;
    expect(refusal(deep)).toContain('not JSON');
    expect(refusal(`${deep}${']'.repeat(100_000)}}]}`)).toContain('got array');
  });
});
