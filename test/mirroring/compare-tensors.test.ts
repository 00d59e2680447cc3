import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import { compileSchema } from '../../src/contracts/compile-schema.js';
import {
  encodeInferResponse,
  type InferResponseFields,
  inferenceSchema,
  tensor,
} from '../../src/tensors/index.js';
import { compareTwo, differencesOf, tensorReply } from '../support/mirrored.js';
import { makeTensors, tensorLists } from '../support/tensor-arbitrary.js';

const one = (...parts: Parameters<typeof tensor>) => {
  const [datatype, shape, values, options] = parts;
  return tensor(datatype, shape, values, { name: 'y', ...options });
};
const between = (a: unknown, b: unknown) => differencesOf(tensorReply([a]), tensorReply([b]));

describe('the tensors of two responses', () => {
  it.each<[string, unknown, unknown, string[]]>([
    [
      'floats within their tolerance',
      one('FP32', [3], [1, 1000, 1e-9]),
      one('FP32', [3], [1.000005, 1000.005, 0]),
      [],
    ],
    [
      'floats beyond it',
      one('FP32', [2, 2], [1, 2, 3, 4]),
      one('FP32', [2, 2], [1, 2, 3.5, 4.5]),
      ['outputs.y: 2 value, at outputs.y[2] 3 / 3.5'],
    ],
    [
      'doubles as little off as those floats',
      one('FP64', [1], [1]),
      one('FP64', [1], [1.000005]),
      ['outputs.y: value, at outputs.y[0] 1 / 1.000005'],
    ],
    ['halves two units apart', one('FP16', [1], [1]), one('FP16', [1], [1 + 2 ** -9]), []],
    [
      'halves further apart',
      one('FP16', [1], [1]),
      one('FP16', [1], [1.0078125]),
      ['outputs.y: value, at outputs.y[0] 1 / 1.0078125'],
    ],
    ['other halves as far apart', one('BF16', [1], [1]), one('BF16', [1], [1.0078125]), []],
    [
      'other halves further apart',
      one('BF16', [1], [1]),
      one('BF16', [1], [1.0625]),
      ['outputs.y: value, at outputs.y[0] 1 / 1.0625'],
    ],
    [
      'NaN and itself, whatever its bits',
      one('FP32', [2], new Float32Array(Uint32Array.of(0x7fc00000, 0x7fc00001).buffer)),
      one('FP32', [2], new Float32Array(Uint32Array.of(0x7fc00001, 0xffc00000).buffer)),
      [],
    ],
    [
      'an infinity and the largest number',
      one('FP32', [1], [Number.POSITIVE_INFINITY]),
      one('FP32', [1], [3.4028234663852886e38]),
      ['outputs.y: value, at outputs.y[0] Infinity / 3.4028234663852886e+38'],
    ],
    ['zeros of both signs', one('FP32', [1], [0]), one('FP32', [1], [-0]), []],
    [
      'integers',
      one('INT32', [2], [1_000_000, 2]),
      one('INT32', [2], [1_000_001, 2]),
      ['outputs.y: value, at outputs.y[0] 1000000 / 1000001'],
    ],
    [
      'integers of 64 bits',
      one('UINT64', [1], [2n ** 64n - 1n]),
      one('UINT64', [1], [2n ** 64n - 2n]),
      ['outputs.y: value, at outputs.y[0] 18446744073709551615 / 18446744073709551614'],
    ],
    [
      'booleans, of which any byte but 0 is true',
      one('BOOL', [3], Uint8Array.of(1, 0, 1)),
      one('BOOL', [3], Uint8Array.of(2, 0, 0)),
      ['outputs.y: value, at outputs.y[2] true / false'],
    ],
    [
      'texts',
      one('BYTES', [3], ['a', 'größe', '']),
      one('BYTES', [3], ['a', 'größer', '']),
      ['outputs.y: value, at outputs.y[1] "größe" / "größer"'],
    ],
    [
      'bytes that are no text',
      one('BYTES', [1], [Uint8Array.of(1, 0xff)]),
      one('BYTES', [1], [Uint8Array.of(1, 0xfe, 3)]),
      ['outputs.y: value, at outputs.y[0] 0xff of 2 bytes / 0xfe of 3 bytes'],
    ],
    [
      'datatypes, whose values are not looked at',
      one('FP32', [1], [1]),
      one('FP64', [1], [2]),
      ['outputs.y: type, at outputs.y FP32 [1] / FP64 [1]'],
    ],
    [
      'shapes, whose values are not looked at',
      one('FP32', [2, 1], [1, 2]),
      one('FP32', [2], [3, 4]),
      ['outputs.y: length, at outputs.y FP32 [2, 1] / FP32 [2]'],
    ],
    [
      'a single value',
      one('FP32', [], [1]),
      one('FP32', [], [2]),
      ['outputs.y: value, at outputs.y[0] 1 / 2'],
    ],
    ['tensors without elements', one('FP32', [0, 4], []), one('FP32', [0, 4], []), []],
    [
      'parameters',
      one('BOOL', [], [true], { parameters: { kept: 1, gone: 'x', score: 0.5, id: 2n ** 60n } }),
      one('BOOL', [], [true], { parameters: { kept: true, score: 0.75, id: 2n ** 60n, new: 1 } }),
      [
        'outputs.y.parameters.kept: type, at outputs.y.parameters.kept 1 / true',
        'outputs.y.parameters.gone: missing, at outputs.y.parameters.gone "x" / absent',
        'outputs.y.parameters.score: value, at outputs.y.parameters.score 0.5 / 0.75',
        'outputs.y.parameters.new: extra, at outputs.y.parameters.new absent / 1',
      ],
    ],
  ])('may differ in %s', (_, a, b, expected) => {
    expect(between(a, b)).toEqual(expected);
  });

  it('belong together by name, in any order', () => {
    const [a, b, c] = ['a', 'b/c:0', 'c'].map((name) => tensor('INT8', [1], [1], { name }));
    expect(differencesOf(tensorReply([a, b]), tensorReply([b, a]))).toEqual([]);
    expect(differencesOf(tensorReply([a, b]), tensorReply([c, a]))).toEqual([
      'outputs["b/c:0"]: missing, at outputs["b/c:0"] INT8 [1] / absent',
      'outputs.c: extra, at outputs.c absent / INT8 [1]',
    ]);
  });

  it('say how many of them differ, and how far', () => {
    const values = Float32Array.from({ length: 1000 }, (_, index) => index);
    const drifted = values.map((value, index) => (index % 10 === 9 ? value * 1.5 : value));
    const { differences } = compareTwo(
      tensorReply([one('FP32', [10, 100], values)]),
      tensorReply([one('FP32', [10, 100], drifted)]),
    );
    expect(differences).toEqual([
      {
        ...{ path: 'outputs.y', kinds: { value: 100 }, compared: 1000, differing: 100 },
        ...{ maxAbsolute: 499.5, maxRelative: expect.closeTo(1 / 3, 6) },
        first: { kind: 'value', at: 'outputs.y[9]', primary: '9', shadow: '13.5' },
      },
    ]);
  });

  it('are compared the same where the response comes with its schema', () => {
    const schema = compileSchema(inferenceSchema, 'modwire.inference.InferResponse');
    const withSchema = (value: number) => ({
      ...tensorReply([one('FP32', [1], [value])]),
      ...{ contentType: ContentType.flatbuffer, schema },
    });
    expect(differencesOf(withSchema(1), withSchema(2))).toEqual(['outputs.y: value, at outputs.y[0] 1 / 2']);
  });

  it('come with parameters of the whole, and with names that say nothing about the answer', () => {
    const of = (fields: Omit<InferResponseFields, 'outputs'>) => ({
      contentType: ContentType.tensor,
      payload: encodeInferResponse({ ...fields, outputs: [] }),
    });
    expect(
      differencesOf(
        of({ modelName: 'a', modelVersion: '1', id: 'x', parameters: { took: 1 } }),
        of({ modelName: 'b', modelVersion: '2', parameters: { took: 2 } }),
      ),
    ).toEqual(['parameters.took: value, at parameters.took 1 / 2']);
  });

  it('do not differ from themselves, whatever they are', () => {
    fc.assert(
      fc.property(tensorLists, (plans) => {
        const reply = tensorReply(makeTensors(plans));
        const { differences, leftOut, paths } = compareTwo(reply, reply);
        expect([differences, leftOut]).toEqual([[], []]);
        expect(paths).toEqual(expect.arrayContaining(plans.map((_, index) => `outputs.t${index}`)));
      }),
    );
  });
});
