import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';
import type { OutputForm } from '../../src/open-inference/infer-body.js';
import { bodyFromResponse } from '../../src/open-inference/response-body.js';
import { encodeInferResponse, type InferResponseFields, tensor } from '../../src/tensors/index.js';

const IN_JSON: OutputForm = { binary: false, outputs: [] };

function write(fields: Partial<InferResponseFields>, form = IN_JSON) {
  const payload = encodeInferResponse({ modelName: 'm', outputs: [], ...fields });
  const { bytes, jsonBytes } = bodyFromResponse(payload, form);
  const text = new TextDecoder().decode(bytes.subarray(0, jsonBytes ?? bytes.length));
  return { text, binary: Buffer.from(bytes.subarray(jsonBytes ?? bytes.length)).toString('hex'), jsonBytes };
}

describe('a response of the protocol', () => {
  it('says all that the payload says, and nothing that it does not', () => {
    expect(write({})).toEqual({ text: '{"model_name":"m","outputs":[]}', binary: '', jsonBytes: undefined });
    const { text } = write({
      ...{ modelVersion: '2', id: 'a"b', parameters: { n: 1.5, i: 2n ** 60n, t: 'x', f: false } },
      outputs: [tensor('INT8', [1, 2], [1, -2], { name: 'y', parameters: { k: 1 } })],
    });
    expect(text).toBe(
      '{"model_name":"m","model_version":"2","id":"a\\"b",' +
        '"parameters":{"n":1.5,"i":1152921504606846976,"t":"x","f":false},' +
        '"outputs":[{"name":"y","datatype":"INT8","shape":[1,2],"parameters":{"k":1},"data":[1,-2]}]}',
    );
  });

  it('has the shortest numbers, integers of 64 bits in full, and null where JSON has no number', () => {
    const outputs = [
      tensor('FP32', [4], [0.1, Number.NaN, Number.NEGATIVE_INFINITY, 16777216], { name: 'a' }),
      tensor('FP64', [2], [0.1, Number.POSITIVE_INFINITY], { name: 'b' }),
      tensor('FP16', [1], [0.5], { name: 'c' }),
      tensor('BF16', [1], [3], { name: 'd' }),
      tensor('UINT64', [1], [2n ** 64n - 1n], { name: 'e' }),
      tensor('BOOL', [2], [true, false], { name: 'f' }),
      tensor('BYTES', [2], ['a"\n', 'ü'], { name: 'g' }),
    ];
    const data = [...write({ outputs }).text.matchAll(/"data":\[(.*?)\]/g)].map(([, values]) => values);
    expect(data).toEqual([
      ...['0.1,null,null,16777216', '0.1,null', '0.5', '3', '18446744073709551615', 'true,false'],
      '"a\\"\\n","ü"',
    ]);
  });

  it('has the wanted outputs, in their order, with binary data behind the JSON', () => {
    const outputs = [
      tensor('FP32', [2], [1, -1], { name: 'a' }),
      tensor('BYTES', [1], ['hi'], { name: 'b' }),
      tensor('INT8', [1], [7], { name: 'c' }),
    ];
    const form = {
      binary: false,
      outputs: [
        { name: 'b', binary: true },
        { name: 'c', binary: false },
        { name: 'a', binary: true },
      ],
    };
    const { text, binary, jsonBytes } = write({ outputs }, form);
    expect(JSON.parse(text).outputs).toEqual([
      { name: 'b', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } },
      { name: 'c', datatype: 'INT8', shape: [1], data: [7] },
      { name: 'a', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } },
    ]);
    expect([binary, jsonBytes]).toEqual(['0200000068690000803f000080bf', text.length]);
  });

  it.each([
    [
      'NOT_FOUND',
      tensor('INT8', [1], [7], { name: 'a' }),
      { binary: false, outputs: [{ name: 'b', binary: true }] },
    ],
    ['INVALID_ARGUMENT', tensor('BYTES', [1], [Uint8Array.of(255)], { name: 'a' }), IN_JSON],
  ] as const)('is refused with %s where it cannot be had like that', (code, output, form) => {
    expect(() => write({ outputs: [output] }, form)).toThrow(expect.objectContaining({ code }));
  });

  it('is refused for what is no payload of a response', () => {
    const code: ErrorCode = 'CONTRACT_VIOLATION';
    for (const payload of [new Uint8Array(0), new Uint8Array(64), Buffer.from('{"outputs":[]}')]) {
      expect(() => bodyFromResponse(payload, IN_JSON)).toThrow(expect.objectContaining({ code }));
    }
  });
});
