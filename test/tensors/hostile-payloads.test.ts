import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { InferRequest as RequestTable } from '../../src/codec/generated/modwire/inference/infer-request.js';
import { Parameter } from '../../src/codec/generated/modwire/inference/parameter.js';
import { RequestedOutput } from '../../src/codec/generated/modwire/inference/requested-output.js';
import { Tensor as TensorTable } from '../../src/codec/generated/modwire/inference/tensor.js';
import { Memory } from '../../src/codec/memory.js';
import { defineContract } from '../../src/index.js';
import {
  type AnyTensor,
  DATATYPES,
  type Datatype,
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
  type InferParameters,
  InferRequestRoot,
  inferenceSchema,
  ModwireError,
  tensor,
} from '../../src/tensors/index.js';
import { mutatedBytes, putMutated } from '../fuzz/mutate.js';
import { Prng } from '../fuzz/prng.js';
import { type Specimen, specimenOf } from '../fuzz/specimen.js';

const MUTANTS = 12_000;

const requests = defineContract({ name: 'requests', schema: inferenceSchema, root: InferRequestRoot });

const VALUES: { readonly [D in Datatype]?: readonly unknown[] } = {
  BYTES: ['one', '', 'three', 'vier', 'fünf', 'six'],
  INT64: [1n, 2n, 3n, 4n, 5n, 6n],
};

const own: InferParameters = { flag: true, integer: 7, large: 2n ** 60n, number: 0.5, text: 'größe' };

function oneOf(datatype: Datatype): AnyTensor {
  const values = VALUES[datatype] ?? [0, 1, 1, 0, 1, 0];
  return tensor(datatype, [2, 3], values as never, { name: datatype, parameters: own }) as AnyTensor;
}

const SPECIMENS = DATATYPES.flatMap((datatype, index) => {
  const tensors = [oneOf(datatype), oneOf(DATATYPES[(index + 5) % DATATYPES.length]!)];
  const head = { modelName: 'm', modelVersion: '1', id: 'a', parameters: own };
  const outputs = ['a', { name: 'b', parameters: own }];
  return [
    specimenWithTensors(
      encodeInferRequest({ ...head, inputs: tensors, outputs }),
      (bytes) => decodeInferRequest(bytes).inputs,
    ),
    specimenWithTensors(
      encodeInferResponse({ ...head, outputs: tensors }),
      (bytes) => decodeInferResponse(bytes).outputs,
    ),
  ];
});

interface TensorSpecimen extends Specimen {
  /** Dimensions, the lengths of contents, and what contents begin with. 4-byte places from the start. */
  readonly tensorWords: readonly number[];
}

function specimenWithTensors(
  payload: Uint8Array,
  tensorsOf: (bytes: Uint8Array) => readonly AnyTensor[],
): TensorSpecimen {
  const bytes = payload.slice();
  const data = new DataView(bytes.buffer);
  const places = tensorsOf(bytes).flatMap(({ contents: { byteOffset } }) => [byteOffset - 4, byteOffset]);
  for (let at = 0; at + 16 <= bytes.length; at += 8) {
    const isShape = data.getBigInt64(at, true) === 2n && data.getBigInt64(at + 8, true) === 3n;
    if (isShape) places.push(at, at + 4, at + 8, at + 12);
  }
  return { ...specimenOf(bytes, false), tensorWords: places };
}

/** As `putMutated`, or every other time with nothing broken but one number of a tensor. */
function putBroken(prng: Prng, mutant: Memory): number {
  if (prng.below(2) === 0) return putMutated(prng, SPECIMENS, mutant, 0);
  const { bytes, tensorWords } = prng.pick(SPECIMENS);
  mutant.u8.set(bytes);
  const value = prng.pick([0, 1, 2, 3, 6, 24, 0x7fff_ffff, 0xffff_ffff, prng.next()]);
  mutant.data.setUint32(prng.pick(tensorWords), value, true);
  return bytes.length;
}

/** All that a reader can ask for, as one text; the error's text when it is refused. */
function readAll(payload: Uint8Array): string {
  return [() => listOf(decodeInferRequest(payload)), () => listOf(decodeInferResponse(payload))]
    .map((read) => {
      try {
        return read();
      } catch (thrown) {
        if (thrown instanceof ModwireError && thrown.code === 'CONTRACT_VIOLATION') return thrown.message;
        throw thrown;
      }
    })
    .join('\n');
}

function listOf(message: object): string {
  return JSON.stringify(message, (_, part) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part !== 'object' || !('datatype' in (part ?? {}))) return part;
    const one = part as AnyTensor;
    const { name, shape, parameters, contents } = one;
    expect(contents.byteLength).toBe(one.datatype === 'BYTES' ? one.contents.length : one.data.byteLength);
    const elements = one.datatype === 'BYTES' ? [...one.elements()].map(String) : one.data.join();
    const wide = one.datatype === 'FP16' || one.datatype === 'BF16' ? one.toFloat32().join() : '';
    expect(one.size).toBe(one.datatype === 'BYTES' ? elements.length : one.data.length);
    return { name, shape, parameters, elements, wide };
  });
}

describe('a broken payload', () => {
  it('is refused with CONTRACT_VIOLATION or read as it is, and nothing beyond it is ever read', () => {
    const prng = new Prng(0);
    const largest = Math.max(...SPECIMENS.map(({ bytes }) => bytes.length));
    const mutant = Memory.allocate(mutatedBytes(largest));
    const counts = { read: 0, unverified: 0, meaningless: 0 };
    for (let index = 0; index < MUTANTS; index++) {
      prng.reseed(0x7e50, index);
      const length = putBroken(prng, mutant);
      const [first, second] = [0x00, 0xa5].map((filler) => {
        const around = new Uint8Array(length + 256).fill(filler);
        around.set(mutant.u8.subarray(0, length), 128);
        return readAll(around.subarray(128, 128 + length));
      });
      if (first !== second)
        throw new Error(`mutant ${index} reads its neighbours: ${first} against ${second}`);
      const rule = requests.verify(mutant.u8.subarray(0, length))?.rule;
      if (rule === undefined) counts.read++;
      else if (rule === 'value') counts.meaningless++;
      else counts.unverified++;
    }
    // Each of them is met often, so that none of the paths above is one that nothing takes.
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(MUTANTS / 100);
  });
});

interface Draft {
  readonly name?: string;
  readonly datatype?: number;
  readonly shape?: readonly bigint[];
  readonly contents?: readonly number[];
  readonly parameters?: readonly ((builder: Builder) => void)[];
  /** How many tables share these vectors. */
  readonly times?: number;
  readonly distinct?: boolean;
}

/** A payload that keeps the schema, whatever it says. */
function payloadOf(draft: Draft, model = 'm', outputs: readonly string[] = []): Uint8Array {
  const { name = 'x', datatype = 2, shape = [2n], contents = [1, 2], parameters = [], times = 1 } = draft;
  const builder = new Builder(1024);
  const own = parameters.map((add) => {
    const parameterName = builder.createString('p');
    const text = builder.createString('t');
    Parameter.startParameter(builder);
    Parameter.addName(builder, parameterName);
    add(Object.assign(builder, { textOffset: text }));
    return Parameter.endParameter(builder);
  });
  const ownParameters = TensorTable.createParametersVector(builder, own);
  const ownShape = TensorTable.createShapeVector(builder, [...shape]);
  const ownContents = builder.createByteVector(Uint8Array.from(contents));
  const inputs = Array.from({ length: times }, (_, index) =>
    TensorTable.createTensor(
      builder,
      builder.createString(draft.distinct === true ? `${name}${index}` : name),
      datatype,
      ownShape,
      ownParameters,
      ownContents,
    ),
  );
  const asked = outputs.map((output) =>
    RequestedOutput.createRequestedOutput(builder, builder.createString(output), 0),
  );
  const modelName = builder.createString(model);
  const inputsVector = RequestTable.createInputsVector(builder, inputs);
  const outputsVector = RequestTable.createOutputsVector(builder, asked);
  builder.finish(RequestTable.createInferRequest(builder, modelName, 0, 0, inputsVector, outputsVector, 0));
  return builder.asUint8Array();
}

const flag = (builder: Builder) => Parameter.addFlag(builder, true);
const text = (builder: Builder) =>
  Parameter.addText(builder, (builder as Builder & { textOffset: number }).textOffset);

describe('a payload that keeps its schema and means nothing', () => {
  it('is told from one that means something', () => {
    expect(decodeInferRequest(payloadOf({ parameters: [flag] })).input('x').parameters).toEqual({ p: true });
    expect(decodeInferRequest(payloadOf({ parameters: [text] })).input('x').parameters).toEqual({ p: 't' });
    expect(decodeInferRequest(payloadOf({ times: 3, distinct: true }, 'm', ['a', 'b'])).inputs).toHaveLength(
      3,
    );
    expect(decodeInferRequest(payloadOf({ shape: [0n], contents: [] })).input('x').size).toBe(0);
  });

  it.each<[why: string, payload: Uint8Array]>([
    ['model_name: a model has a name', payloadOf({}, '')],
    ['inputs[0].name: the name is empty', payloadOf({ name: '' })],
    ['inputs[1].name: one before has the same name', payloadOf({ times: 2 })],
    ['outputs[0].name: the name is empty', payloadOf({}, 'm', [''])],
    ['outputs[2].name: one before has the same name', payloadOf({}, 'm', ['a', 'b', 'a'])],
    ['inputs[0].datatype: no datatype has the number 0', payloadOf({ datatype: 0 })],
    ['inputs[0].datatype: no datatype has the number 15', payloadOf({ datatype: 15 })],
    ['inputs[0].shape: dimension 1 is -2', payloadOf({ shape: [1n, -2n] })],
    ['inputs[0].shape: dimension 0 is 9223372036854776000', payloadOf({ shape: [2n ** 63n - 1n] })],
    ['inputs[0].shape: [4294967296,4294967296] has more', payloadOf({ shape: [2n ** 32n, 2n ** 32n] })],
    ['has more than 2^53-1 elements', payloadOf({ shape: [0n, 2n ** 32n, 2n ** 32n], contents: [] })],
    ['inputs[0].shape: 65 dimensions, at most 64', payloadOf({ shape: Array(65).fill(1n) })],
    ['inputs[0].contents: 3 of UINT8 take 3 bytes, got 2', payloadOf({ shape: [3n] })],
    ['inputs[0].contents: 2 of FP64 take 16 bytes, got 2', payloadOf({ datatype: 12 })],
    ['inputs[0].contents: 1 of UINT8 take 1 bytes, got 0', payloadOf({ shape: [], contents: [] })],
    ['the length of element 0 runs past the contents', payloadOf({ datatype: 14 })],
    [
      'element 0 runs 4294967292 bytes past',
      payloadOf({ datatype: 14, contents: [0xff, 0xff, 0xff, 0xff, 1, 2, 3] }),
    ],
    ['contents hold 1 element, the shape has 2', payloadOf({ datatype: 14, contents: [0, 0, 0, 0] })],
    [
      '4 bytes after the last of 0 elements',
      payloadOf({ datatype: 14, shape: [0n], contents: [0, 0, 0, 0] }),
    ],
    [
      'inputs[0].parameters[0]: a parameter has one value, this one has 0',
      payloadOf({ parameters: [() => {}] }),
    ],
    [
      'inputs[0].parameters[1]: a parameter has one value, this one has 2',
      payloadOf({ parameters: [flag, (builder) => [flag(builder), text(builder)]] }),
    ],
    [
      'inputs[0].parameters[1]: a parameter before has the same name',
      payloadOf({ parameters: [flag, text] }),
    ],
  ])('is refused: %s', (why, payload) => {
    const decode = () => decodeInferRequest(payload);
    expect(decode).toThrow(why);
    expect(decode).toThrow(/, at 0x[0-9a-f]+ \(inference request, modwire\.inference\.InferRequest\)$/);
    expect(decode).toThrow(expect.objectContaining({ code: 'CONTRACT_VIOLATION' }));
  });

  it('costs no more than its bytes, however many tables share the elements of one', () => {
    const contents = Array<number>(4 * 4096).fill(0);
    const draft = { datatype: 14, shape: [4096n], contents, distinct: true };
    expect(decodeInferRequest(payloadOf(draft)).input('x0').size).toBe(4096);
    expect(() => decodeInferRequest(payloadOf({ ...draft, times: 1000 }))).toThrow(
      /^inputs\[\d+\]\.contents: the message refers to the same bytes more often than its size allows/,
    );
  });
});
