import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/index.js';
import { ModwireError } from '../../../src/errors.js';
import type { Client } from '../../../src/index.js';
import { defineContract } from '../../../src/index.js';
import {
  decodeInferRequest,
  encodeInferResponse,
  type InferRequest,
  InferRequestRoot,
  inferenceSchema,
  tensor,
} from '../../../src/tensors/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

async function infer(
  { port }: Pick<Broker, 'port'>,
  model: string,
  body: string | Uint8Array,
  headers: Record<string, string> = { 'Content-Type': 'application/json' },
  signal?: AbortSignal,
): Promise<Got> {
  const url = `http://127.0.0.1:${port}/v2/models/${model}/infer`;
  const init = { method: 'POST', headers, body: body as BodyInit, ...(signal && { signal }) };
  const answer = await fetch(url, init);
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

const jsonOf = ({ bytes }: Got) => JSON.parse(bytes.toString());

/** A body with binary data, as the protocol's extension has it, and its headers. */
function binaryBody(
  json: object,
  ...tensors: Uint8Array[]
): [body: Uint8Array, headers: Record<string, string>] {
  const head = Buffer.from(JSON.stringify(json));
  const headers = {
    'Inference-Header-Content-Length': String(head.length),
    'Content-Type': 'application/octet-stream',
  };
  return [Buffer.concat([head, ...tensors]), headers];
}

/** A model that adds the values of each row of its input `x`, and passes on all other inputs. */
function sumRows({ modelName, modelVersion, id, inputs }: InferRequest): Uint8Array {
  const x = inputs.find(({ name }) => name === 'x')!;
  const [rows = 0, columns = 0] = x.shape;
  const values = x.toFloat32();
  const sums = Array.from({ length: rows }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns).reduce((sum, value) => sum + value, 0),
  );
  const outputs = [tensor('FP32', [rows], sums, { name: 'sum' }), ...inputs.filter((one) => one !== x)];
  return encodeInferResponse({ modelName, modelVersion, id, outputs });
}

/** Serves it; returns what it was asked. */
async function serveSum(
  broker: Broker,
  subject = 'models.sum.infer',
  version = '',
): Promise<{ asked: InferRequest[]; client: Client }> {
  const client = await fixture.client(broker.url);
  const asked: InferRequest[] = [];
  await client.serve(subject, { version }, ({ payload }) => {
    const request = decodeInferRequest(payload.slice());
    asked.push(request);
    return sumRows(request);
  });
  return { asked, client };
}

const X = { name: 'x', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };

describe.each(TRANSPORTS)('POST /v2/models/NAME/infer over %s', (transport) => {
  it('answers a request in JSON, its values in one list or in rows', async () => {
    const broker = await fixture.broker(transport);
    const { asked } = await serveSum(broker);
    for (const data of [
      X.data,
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]) {
      const answer = await infer(broker, 'sum', JSON.stringify({ id: '42', inputs: [{ ...X, data }] }));
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('inference-header-content-length')).toBeNull();
      expect(jsonOf(answer)).toEqual({
        ...{ model_name: 'sum', id: '42' },
        outputs: [{ name: 'sum', datatype: 'FP32', shape: [2], data: [6, 15] }],
      });
    }
    expect(asked.map(({ modelName, modelVersion }) => [modelName, modelVersion])).toEqual(
      Array(2).fill(['sum', undefined]),
    );
  });

  it('takes and gives binary data as the extension describes', async () => {
    const broker = await fixture.broker(transport);
    await serveSum(broker);
    const halves = Buffer.from('003c0040', 'hex');
    const [body, headers] = binaryBody(
      {
        inputs: [
          { name: 'x', shape: [1, 2], datatype: 'FP16', parameters: { binary_data_size: 4 } },
          { name: 'tag', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: 6 } },
        ],
        outputs: [
          { name: 'tag', parameters: { binary_data: true } },
          { name: 'sum', parameters: { binary_data: true } },
        ],
      },
      halves,
      Buffer.from('020000006869', 'hex'),
    );
    const answer = await infer(broker, 'sum', body, headers);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    const jsonBytes = Number(answer.headers.get('inference-header-content-length'));
    expect(JSON.parse(answer.bytes.subarray(0, jsonBytes).toString())).toEqual({
      model_name: 'sum',
      outputs: [
        { name: 'tag', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } },
        { name: 'sum', datatype: 'FP32', shape: [1], parameters: { binary_data_size: 4 } },
      ],
    });
    expect(answer.bytes.subarray(jsonBytes).toString('hex')).toBe('02000000686900004040');
    expect(answer.bytes.length).toBe(Number(answer.headers.get('content-length')));
  });

  it('gives binary data for all outputs when asked so, whatever content type the request says', async () => {
    const broker = await fixture.broker(transport);
    await serveSum(broker);
    const body = JSON.stringify({ parameters: { binary_data_output: true }, inputs: [X] });
    for (const type of ['', 'application/x-www-form-urlencoded', 'application/octet-stream']) {
      const answer = await infer(
        broker,
        'sum',
        Buffer.from(body),
        type === '' ? {} : { 'Content-Type': type },
      );
      const jsonBytes = Number(answer.headers.get('inference-header-content-length'));
      expect(answer.bytes.subarray(jsonBytes).toString('hex')).toBe('0000c04000007041');
    }
  });

  it('has the worker pool deal with large bodies, in JSON and binary', async () => {
    const broker = await fixture.broker(transport);
    await serveSum(broker);
    const columns = 200_000;
    const data = Array.from({ length: columns }, (_, index) => (index % 10) / 4);
    const listed = await infer(
      broker,
      'sum',
      JSON.stringify({ inputs: [{ ...X, shape: [1, columns], data }] }),
    );
    const [body, headers] = binaryBody(
      {
        inputs: [
          { name: 'x', shape: [1, columns], datatype: 'FP32', parameters: { binary_data_size: 4 * columns } },
        ],
      },
      new Uint8Array(Float32Array.from(data).buffer),
    );
    const binary = await infer(broker, 'sum', body, headers);
    const sum = { name: 'sum', datatype: 'FP32', shape: [1], data: [225_000] };
    expect([jsonOf(listed).outputs, jsonOf(binary).outputs]).toEqual([[sum], [sum]]);
  });

  it('goes to the subject of a version where there is one, else to the model with its version', async () => {
    const broker = await fixture.broker(transport);
    const model = await serveSum(broker);
    const body = JSON.stringify({ inputs: [X] });
    expect(jsonOf(await infer(broker, 'sum/versions/7', body))).toMatchObject({ model_version: '7' });
    const version = await serveSum(broker, 'models.sum.versions.7.infer');
    expect(jsonOf(await infer(broker, 'sum/versions/7', body))).toMatchObject({ model_version: '7' });
    expect([model.asked.length, version.asked.length]).toEqual([1, 1]);
  });

  it('goes to workers that say they are of the version where there are such', async () => {
    const broker = await fixture.broker(transport);
    const [first, second] = [
      await serveSum(broker, 'models.sum.infer', '1.2.0'),
      await serveSum(broker, 'models.sum.infer', '1.3.0'),
    ];
    const unsaid = await serveSum(broker);
    const body = JSON.stringify({ inputs: [X] });
    for (let number = 0; number < 6; number++) {
      const answer = await infer(broker, 'sum/versions/1.3.0', body);
      expect(jsonOf(answer)).toMatchObject({ model_version: '1.3.0' });
    }
    expect([first.asked.length, second.asked.length, unsaid.asked.length]).toEqual([0, 6, 0]);
    expect((await infer(broker, 'sum/versions/1.4.0', body)).status).toBe(404);
  });

  it('keeps a contract that requests are bound to', async () => {
    const broker = await fixture.broker(transport, {}, { requireContracts: true });
    const contract = defineContract({ name: 'infer', schema: inferenceSchema, root: InferRequestRoot });
    await broker.registry.register({ contract: 'infer', bfbs: inferenceSchema, root: contract.rootName });
    await broker.registry.bind({ pattern: 'models.*.infer', use: 'request', contract: 'infer' });
    const client = await fixture.client(broker.url);
    await client.serve('models.sum.infer', { request: contract }, ({ value }) =>
      sumRows(value as InferRequest),
    );
    expect((await infer(broker, 'sum', JSON.stringify({ inputs: [X] }))).status).toBe(200);
  });

  it.each([
    ['not JSON', '{', {}, 400, 'not JSON'],
    ['no body', '', {}, 400, 'length of the JSON'],
    ['a wrong shape', JSON.stringify({ inputs: [{ ...X, shape: [2, 2] }] }), {}, 400, 'inputs[0]'],
    ['a wrong datatype', JSON.stringify({ inputs: [{ ...X, datatype: 'FLOAT' }] }), {}, 400, 'datatype'],
    [
      'wrong values',
      JSON.stringify({ inputs: [{ ...X, data: Array(6).fill('1') }] }),
      {},
      400,
      'inputs[0].data',
    ],
    ['a wrong size', '{"inputs":[]}1', { 'Inference-Header-Content-Length': '13' }, 400, '1 more'],
    [
      'a wrong length of the JSON',
      '{"inputs":[]}',
      { 'Inference-Header-Content-Length': '-1' },
      400,
      'number of bytes',
    ],
    ['a compressed body', '{"inputs":[]}', { 'Content-Encoding': 'gzip' }, 415, 'content encoding'],
    ['a timeout that is none', '{"inputs":[]}', { 'Modwire-Timeout-Ms': 'soon' }, 400, 'Modwire-Timeout-Ms'],
    [
      'an output that is not there',
      JSON.stringify({ inputs: [X], outputs: [{ name: 'z' }] }),
      {},
      400,
      'expected sum',
    ],
  ])('refuses %s with the error body of the protocol', async (_, body, headers, status, message) => {
    const broker = await fixture.broker(transport);
    await serveSum(broker);
    const answer = await infer(broker, 'sum', body, headers as Record<string, string>);
    expect([answer.status, jsonOf(answer)]).toEqual([status, { error: expect.stringContaining(message) }]);
  });

  it.each(['none', 'a..b', '*', '%3E', 'sum/versions/1%20'])('knows no model %s', async (model) => {
    const broker = await fixture.broker(transport);
    await serveSum(broker, 'models.other.infer');
    const answer = await infer(broker, model, JSON.stringify({ inputs: [X] }));
    expect([answer.status, jsonOf(answer)]).toEqual([
      404,
      { error: expect.stringContaining('no such model') },
    ]);
  });

  it('answers with the status of what the model fails with, and 500 for what is no response', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const failures = { NOT_FOUND: 404, INVALID_ARGUMENT: 400, RESOURCE_EXHAUSTED: 429 } as const;
    for (const code of Object.keys(failures) as (keyof typeof failures)[]) {
      await client.serve(`models.${code}.infer`, () => {
        throw new ModwireError(code, `because of ${code}`);
      });
    }
    await client.serve('models.odd.infer', () => ({ outputs: [] }));
    const body = JSON.stringify({ inputs: [X] });
    for (const [code, status] of Object.entries(failures)) {
      const answer = await infer(broker, code, body);
      expect([answer.status, jsonOf(answer)]).toEqual([status, { error: `because of ${code}` }]);
    }
    const odd = await infer(broker, 'odd', body);
    expect([odd.status, jsonOf(odd)]).toEqual([500, { error: expect.stringContaining('answers wrongly') }]);
  });

  it('has a model give up for callers who leave, and keeps their deadlines', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const signals: AbortSignal[] = [];
    await client.serve('models.slow.infer', (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const body = JSON.stringify({ inputs: [X] });
    const leaving = new AbortController();
    const left = infer(broker, 'slow', body, {}, leaving.signal).catch((thrown: Error) => thrown.name);
    await eventually('the request', () => signals.length === 1);
    leaving.abort();
    expect(await left).toBe('AbortError');
    await eventually('the signal', () => signals[0]!.aborted);
    const late = await infer(broker, 'slow', body, { 'Modwire-Timeout-Ms': '50' });
    expect([late.status, jsonOf(late)]).toEqual([
      504,
      { error: expect.stringContaining('not answered in time') },
    ]);
  });
});
