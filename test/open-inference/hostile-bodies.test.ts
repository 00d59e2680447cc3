import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../src/errors.js';
import { requestFromBody } from '../../src/open-inference/request-body.js';
import { DATATYPES, decodeInferRequest } from '../../src/tensors/index.js';

const MODEL = { name: 'm', version: undefined };

/** Something of which a client might think that it is JSON of the protocol. */
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.string(), fc.bigInt().map(Number)), {
    maxLength: 6,
  }),
);
const inputs = fc.record(
  {
    name: fc.oneof(fc.string(), values),
    datatype: fc.oneof(fc.constantFrom(...DATATYPES), values),
    shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }), values),
    data: values,
    parameters: fc.oneof(fc.record({ binary_data_size: fc.integer({ min: -1, max: 20 }) }), values),
  },
  { requiredKeys: [] },
);
const bodies = fc.record(
  {
    id: values,
    inputs: fc.oneof(fc.array(inputs, { maxLength: 3 }), values),
    outputs: fc.oneof(fc.array(fc.record({ name: fc.string(), parameters: values })), values),
    parameters: values,
  },
  { requiredKeys: ['inputs'] },
);

/** Returns whether a body was a request; fails when it is neither that nor refused as it should be. */
function isRequest(bytes: Uint8Array, jsonBytes: number | undefined): boolean {
  let payload: Uint8Array;
  try {
    payload = requestFromBody({ bytes, jsonBytes }, MODEL).payload;
  } catch (thrown) {
    if (!(thrown instanceof ModwireError)) throw thrown;
    expect(thrown.code).toBe('INVALID_ARGUMENT');
    return false;
  }
  // What it has become is a request for whoever checks it.
  expect(decodeInferRequest(payload).modelName).toBe('m');
  return true;
}

describe('a hostile body', () => {
  it('becomes a request that verifies or is refused, whatever its JSON is', () => {
    fc.assert(
      fc.property(bodies, fc.uint8Array({ maxLength: 24 }), (body, binary) => {
        const json = Buffer.from(JSON.stringify(body));
        isRequest(new Uint8Array(Buffer.concat([json, binary])), json.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('becomes a request that verifies or is refused, whichever of its bytes are others', () => {
    const json = Buffer.from(
      '{"id":"1","inputs":[{"name":"x","datatype":"INT64","shape":[2,1],"data":[[1],[-2]]},' +
        '{"name":"y","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":6}}]}',
    );
    const whole = new Uint8Array(Buffer.concat([json, Buffer.from('020000006869', 'hex')]));
    expect(isRequest(whole, json.length)).toBe(true);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(whole.length + 4),
        (changes, length) => {
          const bytes = whole.slice();
          for (const [at, value] of changes) bytes[at] = value;
          isRequest(bytes, json.length);
          isRequest(bytes, length);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
