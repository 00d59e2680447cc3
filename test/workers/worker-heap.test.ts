import { Builder } from 'flatbuffers';
import { beforeAll, describe, expect, it } from 'vitest';
import { InferResponse as ResponseTable } from '../../src/codec/generated/modwire/inference/infer-response.js';
import { Parameter } from '../../src/codec/generated/modwire/inference/parameter.js';
import { Tensor as TensorTable } from '../../src/codec/generated/modwire/inference/tensor.js';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { BROKER_LIMITS } from '../../src/limits.js';
import { encodeInferResponse } from '../../src/tensors/index.js';
import { TENSOR_LIMITS } from '../../src/tensors/tensor-limits.js';
import type { HeavyWork } from '../../src/workers/heavy-work.js';
import { crowdedBfbs } from '../support/bfbs-draft.js';
import { type Compiled, compiled, startPool } from '../support/pool-fixture.js';
import { refusal } from '../support/registry-fixture.js';

// Where a worker's heap ends, V8 ends this whole process: then no test of this file has passed.
const LEAST_HEAP = BROKER_LIMITS.maxWorkerBytes.min;
const BODY = BROKER_LIMITS.maxHttpBodyBytes.default;
const MIB = 1024 * 1024;

const MODEL = { name: 'm', version: undefined };
const FORM = { binary: false, outputs: [] };

/** JSON of `head`, then `unit` again and again, then `tail`: as many bytes as the largest body. */
function repeated(head: string, unit: string, tail: string): Uint8Array {
  const times = Math.floor((BODY - head.length - tail.length) / unit.length);
  return new Uint8Array(Buffer.from(`${head}${unit.repeat(times)}${tail}`));
}

/** The same with a number in each unit. */
function numbered(head: string, unit: (index: number) => string, tail: string): Uint8Array {
  const units: string[] = [];
  for (let bytes = head.length + tail.length, index = 0; ; index++) {
    const text = unit(index);
    bytes += text.length;
    if (bytes > BODY) return new Uint8Array(Buffer.from(`${head}${units.join('')}${tail}`));
    units.push(text);
  }
}

/** A response with so many outputs, all of them one and the same table, each with so many times one parameter. */
function crowdedResponse(outputs: number, parameters: number, textBytes: number): Uint8Array {
  const builder = new Builder(1024);
  const text = builder.createString('t'.repeat(textBytes));
  const name = builder.createString('n');
  const parameter = Parameter.createParameter(builder, name, null, null, null, text);
  const list = ResponseTable.createParametersVector(builder, Array(parameters).fill(parameter));
  const shape = TensorTable.createShapeVector(builder, [0n]);
  const tensor = TensorTable.createTensor(builder, name, 1, shape, list, 0);
  const tensors = ResponseTable.createOutputsVector(builder, Array(outputs).fill(tensor));
  builder.finish(ResponseTable.createInferResponse(builder, name, 0, 0, tensors, list));
  return builder.asUint8Array();
}

describe('a worker with the least heap that it may have', () => {
  let lists: Compiled;
  beforeAll(async () => {
    lists = await compiled(`
      table Item { key:string (key); value:int; }
      table Lists { items:[Item]; texts:[string]; numbers:[double]; bytes:[ubyte]; }
      root_type Lists;`);
  });

  it('compiles and compares the largest schemas', { timeout: 60_000 }, async () => {
    const pool = startPool({ maxWorkerBytes: LEAST_HEAP, taskMs: 60_000 });
    // Fields, values and names, each as many as there may be.
    const bfbs = crowdedBfbs({ tables: 8, fields: 16_380, values: 130_000, shared: false, nameBytes: 30 });
    expect((await pool.compile(bfbs, 'T0')).rootName).toBe('T0');
    const schema = readSchema(bfbs);
    const before = { schema, root: 0 };
    // Another schema to the pool, which knows them by their objects.
    const after = { schema: { ...schema }, root: 0 };
    expect((await pool.compare(before, after)).findings).toEqual([]);
    expect(await pool.fromJson(before, new TextEncoder().encode('{}'))).toBeInstanceOf(Uint8Array);
    expect(pool.stats()).toMatchObject({ lost: 0, threads: 1 });
  });

  it('refuses a schema whose names are used so often that they would fill a heap', async () => {
    const pool = startPool({ maxWorkerBytes: LEAST_HEAP });
    const crowd = { tables: 8, fields: 16_380, values: 1, shared: false, nameBytes: 100 };
    const { code, message } = await refusal(pool.compile(crowdedBfbs(crowd), 'T0'));
    expect([code, message]).toEqual(['RESOURCE_EXHAUSTED', expect.stringContaining('bytes in names')]);
  });

  it.each<readonly [string, () => Uint8Array]>([
    ['empty objects', () => repeated('{"items":[', '{},', '{}]}')],
    [
      'objects in order of their keys',
      () => numbered('{"items":[', (n) => `{"key":"${n}"},`, '{"key":""}]}'),
    ],
    ['texts', () => repeated('{"texts":[', '"",', '""]}')],
    ['one text', () => repeated('{"texts":["', 'ä', '"]}')],
    ['one escaped text', () => repeated('{"texts":["', '\\n', '"]}')],
    ['numbers', () => repeated('{"numbers":[', '1,', '1]}')],
    ['one number', () => repeated('{"numbers":[1', '0', ']}')],
    ['one key', () => repeated('{"', 'k', '":1}')],
    ['lists in lists', () => repeated('{"items":', '[', '')],
  ])('reads the largest JSON for a schema, or refuses it: %s', async (_, json) => {
    await staysAlive((pool) => pool.fromJson(lists, json()));
  });

  it.each<readonly [string, () => Uint8Array]>([
    ['inputs', () => repeated('{"inputs":[', '{"name":"a","datatype":"BOOL","shape":[0],"data":[]},', '1]}')],
    ['outputs', () => repeated('{"inputs":[],"outputs":[', '{"name":"a"},', '{"name":"a"}]}')],
    ['parameters', () => numbered('{"parameters":{', (n) => `"${n}":1,`, '"":1},"inputs":[]}')],
    ['members that nobody knows', () => numbered('{', (n) => `"${n}":1,`, '"inputs":[]}')],
    ['dimensions', () => repeated('{"inputs":[{"shape":[', '1,', '1]}]}')],
    [
      'elements',
      () => repeated('{"inputs":[{"name":"a","datatype":"INT8","shape":[8],"data":[', '1,', '1]}]}'),
    ],
    [
      'texts as elements',
      () => repeated('{"inputs":[{"name":"a","datatype":"BYTES","shape":[8],"data":[', '"",', '""]}]}'),
    ],
    ['one id', () => repeated('{"id":"', 'x', '","inputs":[]}')],
    [
      'long parameters',
      () => numbered('{"parameters":{', (n) => `"${n}":"${'x'.repeat(MIB - 64)}",`, '"":1},"inputs":[]}'),
    ],
  ])('reads the largest body of the Open Inference Protocol, or refuses it: %s', async (_, json) => {
    await staysAlive((pool) => pool.inferRequest({ bytes: json(), jsonBytes: undefined }, MODEL));
  });

  it.each<readonly [string, () => Uint8Array]>([
    ['outputs', () => crowdedResponse(200_000, 1, 1)],
    ['parameters', () => crowdedResponse(1, 200_000, 1)],
    ['parameters of outputs', () => crowdedResponse(1000, 1000, 1)],
    ['long parameters', () => crowdedResponse(1, 16, 4 * MIB)],
  ])('reads the largest response, or refuses it: %s', async (_, payload) => {
    await staysAlive((pool) => pool.inferResponse(payload(), FORM));
  });

  it('writes a response with as many parameters as one may have', async () => {
    const names = Array.from({ length: TENSOR_LIMITS.maxParameters }, (_, index) => `p${index}`);
    const parameters = Object.fromEntries(names.map((name) => [name, 'x'.repeat(900)]));
    const pool = startPool({ maxWorkerBytes: LEAST_HEAP });
    const { bytes } = await pool.inferResponse(
      encodeInferResponse({ modelName: 'm', outputs: [], parameters }),
      FORM,
    );
    expect(JSON.parse(new TextDecoder().decode(bytes)).parameters).toEqual(parameters);
  });
});

/** The task has a value or the error of its input, and the worker is the same one afterwards. */
async function staysAlive(task: (pool: HeavyWork) => Promise<unknown>): Promise<void> {
  const pool = startPool({ maxWorkerBytes: LEAST_HEAP, taskMs: 60_000 });
  const code = await task(pool).then(
    () => 'none',
    (thrown: { code: string }) => thrown.code,
  );
  expect(['none', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'CONTRACT_VIOLATION']).toContain(code);
  expect(pool.stats()).toMatchObject({ completed: 1, lost: 0, threads: 1 });
}
