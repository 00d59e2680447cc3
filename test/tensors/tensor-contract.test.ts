import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { InferRequest as RequestTable } from '../../src/codec/generated/modwire/inference/infer-request.js';
import { Tensor as TensorTable } from '../../src/codec/generated/modwire/inference/tensor.js';
import { ContentType, defineContract, type ModwireError } from '../../src/index.js';
import { InferRequest, InferRequestRoot, inferenceSchema, tensor } from '../../src/tensors/index.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { openRegistry, temporaryDirectory } from '../support/registry-fixture.js';

const fixture = new BrokerFixture();
const requests = defineContract({ name: 'scoring', schema: inferenceSchema, root: InferRequestRoot });

/** A request that keeps the schema, with a tensor of two elements and the bytes of one. */
function meaningless(): Uint8Array {
  const builder = new Builder();
  const shape = TensorTable.createShapeVector(builder, [2n]);
  const contents = builder.createByteVector(Uint8Array.of(1));
  const input = TensorTable.createTensor(builder, builder.createString('x'), 2, shape, 0, contents);
  const inputs = RequestTable.createInputsVector(builder, [input]);
  const model = builder.createString('ranker');
  builder.finish(RequestTable.createInferRequest(builder, model, 0, 0, inputs, 0, 0));
  return builder.asUint8Array();
}

async function brokerWithContract(transport: 'uws' | 'ws') {
  const dataDir = await temporaryDirectory();
  const registry = await openRegistry(dataDir);
  await registry.register({ contract: 'scoring', bfbs: inferenceSchema, root: requests.rootName });
  await registry.bind({ pattern: 'score.>', use: 'message', contract: 'scoring' });
  await registry.close();
  return fixture.broker(transport, {}, { dataDir });
}

describe.each(TRANSPORTS)('requests as values of a contract, over %s', (transport) => {
  it('reach a subscriber as tensors, which it may keep, and nothing malformed does', async () => {
    const broker = await brokerWithContract(transport);
    const client = await fixture.client(broker.url, { contracts: [requests] });
    const seen: InferRequest[] = [];
    await client.subscribe('score.>', requests, (request) => seen.push(request));
    const small = tensor('FP32', [2, 2], [1, 2, 3, 4], { name: 'x' });
    const large = tensor(
      'INT64',
      [100_000],
      BigInt64Array.from({ length: 100_000 }, (_, at) => BigInt(at)),
      {
        name: 'x',
      },
    );
    for (const input of [small, large]) {
      client.publish('score.eu', requests, new InferRequest({ modelName: 'ranker', inputs: [input] }));
    }
    const options = { contentType: ContentType.flatbuffer, schemaId: requests.id, ack: true } as const;
    const cut = requests.encode(new InferRequest({ modelName: 'ranker', inputs: [small] })).subarray(0, 64);
    await expect(client.publish('score.eu', cut, options)).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATION',
    });
    await client.flush();

    expect(seen.map((request) => request.input('x').data)).toEqual([small.data, large.data]);
    expect(seen.map(({ inputs }) => inputs[0]!.shape)).toEqual([[2, 2], [100_000]]);
  });

  it('are kept from a subscriber when they mean nothing, and end neither a listener nor an iteration', async () => {
    const broker = await brokerWithContract(transport);
    const client = await fixture.client(broker.url, { contracts: [requests] });
    const reasons: string[] = [];
    client.on('unreadable', ({ reason }) => reasons.push(reason));
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    const seen: string[] = [];
    await client.subscribe('score.>', requests, ({ modelName }) => seen.push(modelName));
    const iterated = await client.subscribe('score.>', requests);
    const options = { contentType: ContentType.flatbuffer, schemaId: requests.id, ack: true } as const;
    // What the schema cannot state the broker does not know.
    await client.publish('score.eu', meaningless(), options);
    client.publish('score.eu', requests, new InferRequest({ modelName: 'after', inputs: [] }));
    await client.flush();

    expect(seen).toEqual(['after']);
    for await (const { value } of iterated) {
      expect(value.modelName).toBe('after');
      break;
    }
    expect(iterated.unreadable).toBe(1);
    expect(errors).toEqual([]);
    expect(reasons[0]).toMatch(
      /^no payloads of modwire\.inference\.InferRequest: inputs\[0\]\.contents: 2 of UINT8 take 2 bytes, got 1, at 0x/,
    );
  });
});

describe('a contract of requests', () => {
  it('says why a payload means nothing, as it says why one does not verify', () => {
    expect(requests.verify(meaningless())).toMatchObject({ rule: 'value', path: 'inputs[0].contents' });
    expect(requests.verify(meaningless().subarray(0, 8))).toMatchObject({ rule: 'tooShort', path: '' });
    expect(() => requests.decode(meaningless())).toThrow(
      /^inputs\[0\]\.contents: .* \(scoring, modwire\.inference\.InferRequest\)$/,
    );
  });
});
