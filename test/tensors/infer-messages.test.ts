import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { InferResponse as ResponseTable } from '../../src/codec/generated/modwire/inference/infer-response.js';
import { Parameter } from '../../src/codec/generated/modwire/inference/parameter.js';
import { Tensor } from '../../src/codec/generated/modwire/inference/tensor.js';
import { defineContract } from '../../src/index.js';
import {
  type AnyTensor,
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
  InferRequest,
  InferRequestRoot,
  InferResponse,
  InferResponseRoot,
  inferenceSchema,
  tensor,
} from '../../src/tensors/index.js';
import { TENSOR_LIMITS } from '../../src/tensors/tensor-limits.js';
import { heads, makeTensors, parameters, type TensorPlan, tensorLists } from '../support/tensor-arbitrary.js';

const requests = defineContract({ name: 'requests', schema: inferenceSchema, root: InferRequestRoot });
const responses = defineContract({ name: 'responses', schema: inferenceSchema, root: InferResponseRoot });

const outputs = fc.uniqueArray(
  fc.oneof(
    fc.string({ minLength: 1 }),
    fc.record({ name: fc.string({ minLength: 1 }), parameters }, { requiredKeys: ['name'] }),
  ),
  { selector: (output) => (typeof output === 'string' ? output : output.name), maxLength: 3 },
);

/** Equal bit by bit: also a NaN with what it carries. */
function expectValues(found: AnyTensor, { datatype, shape, values, parameters: own }: TensorPlan): void {
  expect([found.datatype, found.shape]).toEqual([datatype, shape]);
  if (found.datatype === 'BYTES') expect([...found.elements()]).toEqual(values);
  else {
    expect(found.data.constructor).toBe(values.constructor);
    expect(found.data).toHaveLength(found.size);
    expect(bitsOf(found.data)).toEqual(bitsOf(values as Uint8Array));
  }
  expect({ ...found.parameters }).toEqual(own);
}

function bitsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The same bytes at another place in memory. */
function movedBy(bytes: Uint8Array, offset: number): Uint8Array {
  const memory = new Uint8Array(bytes.length + offset);
  memory.set(bytes, offset);
  return memory.subarray(offset);
}

describe('a request', () => {
  it('comes back as it was, whatever is in it and wherever in memory it lies', () => {
    fc.assert(
      fc.property(heads, tensorLists, outputs, fc.nat(9), (head, plans, wanted, offset) => {
        const payload = encodeInferRequest({ ...head, inputs: makeTensors(plans), outputs: wanted });
        const request = decodeInferRequest(movedBy(payload, offset));

        expect(request.modelName).toBe(head.modelName);
        expect(request.modelVersion).toBe(head.modelVersion);
        expect(request.id).toBe(head.id);
        expect({ ...request.parameters }).toEqual(head.parameters ?? {});
        const named = wanted.map((output) => (typeof output === 'string' ? { name: output } : output));
        expect(request.outputs.map(({ name }) => name)).toEqual(named.map(({ name }) => name));
        request.outputs.forEach((output, index) => {
          expect({ ...output.parameters }).toEqual(named[index]!.parameters ?? {});
        });
        expect(request.inputs.map(({ name }) => name)).toEqual(plans.map((_, index) => `t${index}`));
        request.inputs.forEach((input, index) => {
          expectValues(input, plans[index]!);
        });
      }),
    );
  });

  it('is what a contract encodes and decodes too, with the same bytes', () => {
    fc.assert(
      fc.property(heads, tensorLists, outputs, (head, plans, wanted) => {
        const request = new InferRequest({ ...head, inputs: makeTensors(plans), outputs: wanted });
        const payload = requests.encode(request);
        expect(payload).toEqual(encodeInferRequest(request));
        expect(encodeInferRequest(requests.decode(payload))).toEqual(payload);
      }),
    );
  });

  it('knows its inputs by name', () => {
    const inputs = [tensor('FP32', [1], [1.5], { name: 'x' }), tensor('INT8', [], [3], { name: 'y' })];
    const request = decodeInferRequest(encodeInferRequest({ modelName: 'm', inputs }));

    expect(request.input('y').data).toEqual(Int8Array.of(3));
    expect(() => request.input('z')).toThrow('no input has this name: expected x, y, got "z"');
    expect(() => new InferRequest({ modelName: 'm', inputs: [] }).input('z')).toThrow('there are no tensors');
  });
});

describe('a response', () => {
  it('comes back as it was, whatever is in it and wherever in memory it lies', () => {
    fc.assert(
      fc.property(heads, tensorLists, fc.nat(9), (head, plans, offset) => {
        const payload = encodeInferResponse({ ...head, outputs: makeTensors(plans) });
        const response = decodeInferResponse(movedBy(payload, offset));

        const { modelName, modelVersion, id } = response;
        expect({ modelName, modelVersion, id }).toEqual({
          modelVersion: undefined,
          id: undefined,
          ...rest(head),
        });
        expect({ ...response.parameters }).toEqual(head.parameters ?? {});
        response.outputs.forEach((output, index) => {
          expectValues(output, plans[index]!);
        });
        expect(response.outputs).toHaveLength(plans.length);
        expect(responses.encode(response)).toEqual(payload);
        expect(encodeInferResponse(responses.decode(payload))).toEqual(payload);
      }),
    );
  });

  it('knows its outputs by name', () => {
    const outputs = [tensor('BOOL', [2], [true, false], { name: 'keep' })];
    const response = new InferResponse({ modelName: 'm', outputs });
    expect(response.output('keep').data).toEqual(Uint8Array.of(1, 0));
    expect(() => response.output('drop')).toThrow('no output has this name: expected keep, got "drop"');
  });
});

describe('tensors of a payload', () => {
  it('have their contents at a multiple of 64 bytes from its start', () => {
    fc.assert(
      fc.property(heads, tensorLists, (head, plans) => {
        const tensors = makeTensors(plans);
        const request = new InferRequest({ ...head, inputs: tensors });
        const response = new InferResponse({ ...head, outputs: tensors });
        for (const payload of [encodeInferRequest(request), requests.encode(request)]) {
          expect(misplaced(payload, decodeInferRequest(payload).inputs)).toEqual([]);
        }
        for (const payload of [encodeInferResponse(response), responses.encode(response)]) {
          expect(misplaced(payload, decodeInferResponse(payload).outputs)).toEqual([]);
        }
      }),
    );
  });

  it('are views of it, without a copy, where their place divides by the size of an element', () => {
    fc.assert(
      fc.property(tensorLists, fc.nat(9), (plans, offset) => {
        const payload = movedBy(encodeInferRequest({ modelName: 'm', inputs: makeTensors(plans) }), offset);
        for (const { data, contents } of decodeInferRequest(payload).inputs) {
          if (contents.length === 0) continue;
          expect(contents.buffer).toBe(payload.buffer);
          const divides = contents.byteOffset % data.BYTES_PER_ELEMENT === 0;
          expect(data.buffer === payload.buffer).toBe(divides);
          if (divides) expect(data.byteOffset).toBe(contents.byteOffset);
        }
      }),
    );
  });

  it('are copied once, not with every look at them', () => {
    const payload = movedBy(
      encodeInferRequest({ modelName: 'm', inputs: [tensor('FP32', [1], [1], { name: 'x' })] }),
      1,
    );
    const input = decodeInferRequest(payload).input('x');
    expect(input.data).toBe(input.data);
  });
});

describe('parameters', () => {
  it('may have any name, those of JavaScript among them', () => {
    const own = JSON.parse('{"__proto__": 1, "constructor": true, "toString": "x"}');
    const inputs = [tensor('FP32', [0], [], { name: 'x', parameters: own })];
    const request = decodeInferRequest(encodeInferRequest({ modelName: 'm', inputs, parameters: own }));
    for (const found of [request.parameters, request.inputs[0]!.parameters]) {
      expect(Object.entries(found)).toEqual([
        ['__proto__', 1],
        ['constructor', true],
        ['toString', 'x'],
      ]);
    }
  });

  it('that are bigints come back as numbers where those are exact', () => {
    const own = { small: 5n, large: 2n ** 53n, least: -(2n ** 63n) };
    const request = decodeInferRequest(encodeInferRequest({ modelName: 'm', inputs: [], parameters: own }));
    expect({ ...request.parameters }).toEqual({ small: 5, large: 2n ** 53n, least: -(2n ** 63n) });
  });
});

describe('a message', () => {
  const { maxTensors, maxParameters } = TENSOR_LIMITS;
  const tensors = (count: number) =>
    Array.from({ length: count }, (_, index) => tensor('FP32', [0], [], { name: `t${index}` }));
  const numbered = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));

  it('may have so many tensors and parameters, and no more', () => {
    const request = encodeInferRequest({ modelName: 'm', inputs: tensors(maxTensors) });
    expect(decodeInferRequest(request).inputs).toHaveLength(maxTensors);
    expect(() => encodeInferRequest({ modelName: 'm', inputs: tensors(maxTensors + 1) })).toThrow(
      `at most ${maxTensors}`,
    );
    const outputs = Array.from({ length: maxTensors + 1 }, (_, index) => `o${index}`);
    expect(() => encodeInferRequest({ modelName: 'm', inputs: [], outputs })).toThrow(
      `at most ${maxTensors}`,
    );

    const half = maxParameters / 2;
    const input = tensor('FP32', [0], [], { name: 'x', parameters: numbered(half) });
    const full = { modelName: 'm', inputs: [input], parameters: numbered(half) };
    expect(Object.keys(decodeInferRequest(encodeInferRequest(full)).parameters)).toHaveLength(half);
    const beyond = { ...full, parameters: numbered(half + 1) };
    expect(() => encodeInferRequest(beyond)).toThrow(`at most ${maxParameters} in one message`);
  });

  it('is no message when it comes with more', () => {
    const builder = new Builder(1024);
    const name = builder.createString('n');
    const shape = Tensor.createShapeVector(builder, [0n]);
    const one = Tensor.createTensor(builder, name, 1, shape, 0, 0);
    const many = ResponseTable.createOutputsVector(builder, Array(maxTensors + 1).fill(one));
    builder.finish(ResponseTable.createInferResponse(builder, name, 0, 0, many, 0));
    expect(() => decodeInferResponse(builder.asUint8Array())).toThrow(`at most ${maxTensors} are allowed`);

    const other = new Builder(1024);
    const text = other.createString('n');
    const flag = Parameter.createParameter(other, text, true, null, null, 0);
    const list = ResponseTable.createParametersVector(other, Array(maxParameters + 1).fill(flag));
    other.finish(ResponseTable.createInferResponse(other, text, 0, 0, 0, list));
    expect(() => decodeInferResponse(other.asUint8Array())).toThrow(`at most ${maxParameters} are allowed`);
  });
});

/** Where contents lie that do not lie at a multiple of 64. Bytes from the payload's start. */
function misplaced(payload: Uint8Array, tensors: readonly AnyTensor[]): number[] {
  const full = tensors.filter(({ contents }) => contents.length > 0);
  const places = full.map(({ contents }) => contents.byteOffset - payload.byteOffset);
  return places.filter((place) => place % 64 !== 0);
}

function rest({ parameters: _, ...head }: { parameters?: unknown }): object {
  return head;
}
