import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { ModwireError } from '../../src/errors.js';
import { ContentType } from '../../src/index.js';
import type { MirroredOutcome } from '../../src/mirroring/compare-replies.js';
import { decodeInferRequest, encodeInferResponse } from '../../src/tensors/index.js';
import type { HeavyWork } from '../../src/workers/heavy-work.js';
import { InlineWork } from '../../src/workers/inline-work.js';
import { samplePayload } from '../../src/workers/sample-payload.js';
import { jsonArbitrary } from '../support/json-arbitrary.js';
import { type Compiled, compiled, longJson, startPool, watchThreads } from '../support/pool-fixture.js';
import { refusal } from '../support/registry-fixture.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

const BYTES = 'table Blob { bytes:[ubyte]; } root_type Blob;';

let features: Compiled;
let blob: Compiled;
beforeAll(async () => {
  features = await compiled(ALL_FEATURES);
  blob = await compiled(BYTES);
});

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const small = (work: HeavyWork) => work.fromJson(blob, bytesOf({ bytes: [1, 2, 3] }));
/** Runs until its time is over. */
const endless = (work: HeavyWork) => work.fromJson(blob, longJson(30_000_000));

/** What comes of a task: its value, or code and message of its error. */
async function outcome(task: Promise<unknown>): Promise<unknown> {
  try {
    return await task;
  } catch (thrown) {
    if (!(thrown instanceof ModwireError)) throw thrown;
    const { cause: _, ...detail } = thrown.detail;
    return { code: thrown.code, message: thrown.message, detail };
  }
}

/** The same of the pool as of the thread that asks. */
async function expectSame(pool: HeavyWork, task: (work: HeavyWork) => Promise<unknown>): Promise<void> {
  expect(await outcome(task(pool))).toEqual(await outcome(task(new InlineWork())));
}

describe('a worker pool', () => {
  it('compiles what the thread that asks would, and refuses it with the same words', async () => {
    const pool = startPool();
    const { bfbs } = features;
    await expectSame(pool, (work) => work.compile(bfbs, undefined));
    await expectSame(pool, (work) => work.compile(bfbs, 'shop.Note'));
    await expectSame(pool, (work) => work.compile(bfbs, 'shop.Nothing'));
    await expectSame(pool, (work) => work.compile(bfbs.subarray(0, 100), undefined));
    await expectSame(pool, (work) => work.compile(new Uint8Array(), undefined));
    // Bytes that were lent are the caller's all the while.
    expect(bfbs.length).toBeGreaterThan(0);
    expect(readSchema(bfbs).root).toBe(features.root);
  });

  it('compares replies as the thread that asks would, with schemas and without', async () => {
    const pool = startPool();
    const payload = (value: unknown) => new InlineWork().fromJson(blob, bytesOf(value));
    const table = async (...bytes: number[]): Promise<MirroredOutcome> => ({
      replies: [{ contentType: ContentType.flatbuffer, payload: await payload({ bytes }), schema: blob }],
    });
    const json = (value: unknown): MirroredOutcome => ({
      replies: [{ contentType: ContentType.json, payload: bytesOf(value) }],
    });
    // Payloads move away: each task has its own.
    await expectSame(pool, async (work) => work.compareReplies(await table(1, 2), await table(1, 3), {}));
    await expectSame(pool, async (work) => work.compareReplies(await table(1), await table(1), {}));
    await expectSame(pool, (work) => work.compareReplies(json({ a: 1 }), json({ a: 2 }), { maxElements: 2 }));
    await expectSame(pool, (work) => work.compareReplies(json(1), { replies: [], error: 'INTERNAL' }, {}));
    const { differences } = await pool.compareReplies(await table(1, 2), await table(1, 3), {});
    expect(differences).toMatchObject([{ path: 'bytes[]', first: { primary: '2', shadow: '3' } }]);
  });

  it('compares what the thread that asks would', async () => {
    const pool = startPool();
    const other = await compiled(ALL_FEATURES.replace('count : uint;', 'count : string;'));
    await expectSame(pool, (work) => work.compare(features, other));
    await expectSame(pool, (work) => work.compare(other, features));
    expect((await pool.compare(features, other)).findings).not.toEqual([]);
  });

  it('converts between JSON and payloads as the thread that asks would', async () => {
    const pool = startPool({ threads: 2 });
    await fc.assert(
      fc.asyncProperty(jsonArbitrary(features.schema, features.root), async (value) => {
        const json = bytesOf(value);
        await expectSame(pool, (work) => work.fromJson(features, json));
        const payload = await pool.fromJson(features, json);
        await expectSame(pool, (work) => work.toJson(features, payload));
        payload[payload.length >> 1]! ^= 0xff;
        await expectSame(pool, (work) => work.toJson(features, payload));
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, string]>([
    ['INVALID_ARGUMENT', '{"bytes":[1,2,300]}'],
    ['INVALID_ARGUMENT', '{"bytes":[1,2'],
    ['INVALID_ARGUMENT', '{"bites":[]}'],
  ])('keeps code, words and place of an error: %s for %s', async (code, json) => {
    const pool = startPool();
    const text = new TextEncoder().encode(json);
    expect(await outcome(pool.fromJson(blob, text))).toMatchObject({ code });
    await expectSame(pool, (work) => work.fromJson(blob, text));
  });

  it('has bodies of the Open Inference Protocol as the thread that asks would', async () => {
    const pool = startPool();
    const model = { name: 'm', version: '2' };
    const input = { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } };
    const json = bytesOf({ inputs: [input], outputs: [{ name: 'x', parameters: { binary_data: true } }] });
    const bytes = new Uint8Array([...json, 0, 0, 128, 63, 0, 0, 0, 192]);
    await expectSame(pool, (work) => work.inferRequest({ bytes, jsonBytes: json.length }, model));
    await expectSame(pool, (work) => work.inferRequest({ bytes, jsonBytes: undefined }, model));
    const { payload, form } = await pool.inferRequest({ bytes, jsonBytes: json.length }, model);
    const { inputs } = decodeInferRequest(payload);
    const response = encodeInferResponse({ modelName: 'm', outputs: inputs });
    await expectSame(pool, (work) => work.inferResponse(response, form));
    await expectSame(pool, (work) =>
      work.inferResponse(response, { ...form, outputs: [{ name: 'y', binary: true }] }),
    );
    await expectSame(pool, (work) => work.inferResponse(response.slice(0, 30), form));
    expect((await pool.inferResponse(response, form)).bytes.subarray(-8)).toEqual(bytes.subarray(-8));
  });

  it('verifies what the thread that asks would, and gives the bytes back', async () => {
    const pool = startPool();
    const program = (await new InlineWork().compile(features.bfbs, undefined)).program;
    const payload = await small(new InlineWork());
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), fc.nat(9), async (place, value, before) => {
        const bytes = new Uint8Array(before + payload.length + 3);
        bytes.set(payload, before);
        bytes[before + (place % payload.length)] = value;
        const end = before + payload.length;
        for (const one of [blob.program, program]) {
          const inline = await new InlineWork().verify(one, bytes.slice(), before, end);
          const pooled = await pool.verify(one, bytes.slice(), before, end);
          expect(pooled).toEqual(inline);
          expect(pooled.bytes).toEqual(bytes);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('has the bytes that it verifies for itself, and takes a view as a copy', async () => {
    const pool = startPool();
    const payload = samplePayload(4);
    const program = (await compiled(BYTES)).program;
    const own = payload.slice();
    expect((await pool.verify(program, own, 0, own.length)).bytes).toEqual(payload);
    expect(own.byteLength).toBe(0);
    const around = new Uint8Array(payload.length + 8);
    around.set(payload, 8);
    const view = around.subarray(8);
    expect((await pool.verify(program, view, 0, view.length)).bytes).toEqual(payload);
    expect(view).toEqual(payload);
  });

  it('does tasks in the order in which they were asked for, when it has one thread', async () => {
    const pool = startPool();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        // Long and short ones in turn.
        await pool.fromJson(blob, longJson(index % 2 === 0 ? 100_000 : 10));
        order.push(index);
      }),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });
});

describe('a worker pool at its bounds', () => {
  it('refuses another task when as many wait or run as may, and takes one again when one is done', async () => {
    const pool = startPool({ maxQueue: 3 });
    const first = [small(pool), small(pool), small(pool)];
    const { code, message } = await refusal(small(pool));
    expect([code, message]).toEqual(['RESOURCE_EXHAUSTED', expect.stringContaining('limits.maxWorkerTasks')]);
    await Promise.all(first);
    await small(pool);
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, completed: 4, lost: 0, refused: 1 });
  });

  it('ends a task that takes too long with DEADLINE_EXCEEDED, and no other one', async () => {
    const threads = watchThreads();
    const pool = startPool({ taskMs: 500 });
    await small(pool);
    const late = endless(pool);
    const behind = [small(pool), small(pool)];
    const { code, message } = await refusal(late);
    expect([code, message]).toEqual(['DEADLINE_EXCEEDED', expect.stringContaining('at most 500 ms')]);
    for (const result of await Promise.all(behind)) expect(result).toBeInstanceOf(Uint8Array);
    expect(threads).toHaveLength(2);
    await vi.waitFor(() =>
      expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, completed: 3, lost: 1 }),
    );
  });

  it('ends many tasks that take too long one after another, and works on', async () => {
    const pool = startPool({ threads: 2, taskMs: 200 });
    const late = Array.from({ length: 6 }, () => refusal(endless(pool)));
    const behind = small(pool);
    const codes = (await Promise.all(late)).map(({ code }) => code);
    expect(codes).toEqual(Array(6).fill('DEADLINE_EXCEEDED'));
    expect(await behind).toBeInstanceOf(Uint8Array);
    await vi.waitFor(() => expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, lost: 6 }));
  });

  it('loses the task of a worker that dies, and no other one', async () => {
    const threads = watchThreads();
    const pool = startPool();
    await small(pool);
    const dying = endless(pool);
    const behind = [small(pool), small(pool)];
    await threads[0]!.terminate();
    expect((await refusal(dying)).code).toBe('INTERNAL');
    await Promise.all(behind);
    expect(threads).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, completed: 3, lost: 1 });
  });

  it('misses no worker that dies while it has nothing to do', async () => {
    const threads = watchThreads();
    const pool = startPool();
    await small(pool);
    await threads[0]!.terminate();
    await small(pool);
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, completed: 2, lost: 0 });
  });

  it('loses the tasks of workers that die while they start', async () => {
    // Threads take over the environment of the moment at which they start.
    vi.stubEnv('MODWIRE_NATIVE', 'perhaps');
    onTestFinished(() => void vi.unstubAllEnvs());
    const pool = startPool({ threads: 2 });
    const lost = await Promise.all([refusal(small(pool)), refusal(small(pool)), refusal(small(pool))]);
    expect(lost.map(({ code }) => code)).toEqual(Array(3).fill('INTERNAL'));
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, completed: 0, lost: 3 });
  });
});

describe('a worker pool that is closed', () => {
  it('rejects what waits and what runs with UNAVAILABLE, and ends its threads', async () => {
    const threads = watchThreads();
    const pool = startPool();
    await small(pool);
    const left = [endless(pool), small(pool), small(pool)].map(refusal);
    const ended = new Promise((resolve) => threads[0]!.once('exit', resolve));
    await pool.close();
    await ended;
    expect((await Promise.all(left)).map(({ code }) => code)).toEqual(Array(3).fill('UNAVAILABLE'));
    await vi.waitFor(() =>
      expect(pool.stats()).toMatchObject({ threads: 0, running: 0, waiting: 0, lost: 0 }),
    );
  });

  it('takes no more tasks, and may be closed again', async () => {
    const pool = startPool();
    await pool.close();
    await pool.close();
    expect((await refusal(small(pool))).code).toBe('UNAVAILABLE');
  });

  it('may be closed before it has started a thread', async () => {
    const pool = startPool();
    const starting = refusal(small(pool));
    await pool.close();
    expect((await starting).code).toBe('UNAVAILABLE');
  });
});
