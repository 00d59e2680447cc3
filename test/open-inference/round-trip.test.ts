import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutputForm } from '../../src/open-inference/infer-body.js';
import { requestFromBody } from '../../src/open-inference/request-body.js';
import { bodyFromResponse } from '../../src/open-inference/response-body.js';
import { type AnyTensor, decodeInferRequest, encodeInferResponse, tensor } from '../../src/tensors/index.js';
import { makeTensors, type TensorPlan, tensorPlans } from '../support/tensor-arbitrary.js';

const MODEL = { name: 'm', version: undefined };
const HEAD = '{"model_name":"m","outputs":';

/** Outputs of a response as inputs of a request, by way of the protocol. */
function passedOn(outputs: readonly AnyTensor[], form: OutputForm): readonly AnyTensor[] {
  const { bytes, jsonBytes = bytes.length } = bodyFromResponse(
    encodeInferResponse({ modelName: 'm', outputs }),
    form,
  );
  const json = new TextDecoder().decode(bytes.subarray(0, jsonBytes));
  expect(json.startsWith(HEAD)).toBe(true);
  const request = Buffer.from(`{"inputs":${json.slice(HEAD.length)}`);
  const body = Buffer.concat([request, bytes.subarray(jsonBytes)]);
  return decodeInferRequest(requestFromBody({ bytes: body, jsonBytes: request.length }, MODEL).payload)
    .inputs;
}

function expectSame(found: readonly AnyTensor[], expected: readonly AnyTensor[]): void {
  expect(found.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual(
    expected.map(({ name, datatype, shape }) => [name, datatype, shape]),
  );
  expect(found.map(({ contents }) => Buffer.from(contents))).toEqual(
    expected.map(({ contents }) => Buffer.from(contents)),
  );
  expect(found.map((one) => ({ ...one.parameters }))).toEqual(expected.map((one) => ({ ...one.parameters })));
}

/** Whether a parameter is the same in JSON. */
function isSayable(value: unknown): boolean {
  return typeof value !== 'number' || Number.isSafeInteger(value)
    ? !Object.is(value, -0)
    : value % 1 !== 0 && Number.isFinite(value);
}

const plans = tensorPlans.map((plan): TensorPlan => {
  const kept = Object.entries(plan.parameters).filter(([, value]) => isSayable(value));
  return { ...plan, parameters: Object.fromEntries(kept) };
});

/** What JSON can say of the values. */
function inJson(one: AnyTensor): AnyTensor {
  const { name, shape, parameters } = one;
  const options = { name, parameters };
  switch (one.datatype) {
    case 'BOOL':
      return tensor(
        'BOOL',
        shape,
        one.data.map((value) => value & 1),
        options,
      ) as AnyTensor;
    case 'BYTES':
      return tensor(
        'BYTES',
        shape,
        [...one.elements()].map((bytes) => Buffer.from(bytes).toString('latin1')),
        options,
      );
    case 'FP32':
      return tensor(
        'FP32',
        shape,
        one.data.map((value) => (Number.isFinite(value) ? value : 0.1)),
        options,
      );
    case 'FP64':
      return tensor(
        'FP64',
        shape,
        one.data.map((value) => (Number.isFinite(value) ? value : 0.1)),
        options,
      );
    case 'FP16':
    case 'BF16':
      return tensor(
        one.datatype,
        shape,
        one.toFloat32().map((value) => (Number.isFinite(value) ? value : 1)),
        options,
      ) as AnyTensor;
    default:
      return one;
  }
}

describe('a tensor that comes as a response and goes on as a request', () => {
  it('is the same bit by bit as binary data', () => {
    fc.assert(
      fc.property(fc.array(plans, { maxLength: 4 }), (some) => {
        const outputs = makeTensors(some);
        expectSame(passedOn(outputs, { binary: true, outputs: [] }), outputs);
      }),
    );
  });

  it('is the same in JSON, whatever JSON can say', () => {
    fc.assert(
      fc.property(fc.array(plans, { maxLength: 4 }), (some) => {
        const outputs = makeTensors(some).map(inJson);
        expectSame(passedOn(outputs, { binary: false, outputs: [] }), outputs);
      }),
    );
  });

  it('is the same when some are binary data and others are not', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(plans, fc.boolean()), { minLength: 1, maxLength: 4 }), (some) => {
        const outputs = makeTensors(some.map(([plan]) => plan)).map(inJson);
        const wanted = outputs.map(({ name }, index) => ({ name, binary: some[index]![1] })).reverse();
        expectSame(passedOn(outputs, { binary: false, outputs: wanted }), outputs.reverse());
      }),
    );
  });
});
