import type { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import type { Program } from '../../src/contracts/program.js';
import type { SchemaRoot } from '../../src/workers/heavy-work.js';
import { startWorkerPool, type WorkerPool, type WorkerPoolOptions } from '../../src/workers/worker-pool.js';
import { bfbsOf } from './flatc.js';

const MIB = 1024 * 1024;

/** A pool of one thread unless told otherwise; closed after the test. Its threads run what `npm run build` has made. */
export function startPool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const pool = startWorkerPool({
    ...{ threads: 1, maxQueue: 64, taskMs: 10_000, maxWorkerBytes: 512 * MIB },
    ...options,
  });
  onTestFinished(() => pool.close());
  return pool;
}

/** The threads that this process starts from now on until the test is over, in their order. */
export function watchThreads(): readonly Worker[] {
  const threads: Worker[] = [];
  const add = (thread: Worker) => void threads.push(thread);
  process.on('worker', add);
  onTestFinished(() => void process.off('worker', add));
  return threads;
}

export interface Compiled extends SchemaRoot {
  readonly bfbs: Uint8Array;
  readonly program: Program;
}

/** A schema's text, with the root that it declares. */
export async function compiled(text: string): Promise<Compiled> {
  const bfbs = await bfbsOf(text);
  const schema = readSchema(bfbs);
  const root = schema.root!;
  return { bfbs, schema, root, program: compileProgram(schema, root) };
}

/** JSON that takes a worker seconds to read: a vector `bytes` of so many elements, one by one. */
export function longJson(elements: number): Uint8Array {
  const head = new TextEncoder().encode('{"bytes":[1');
  const json = new Uint8Array(head.length + 2 * elements + 2);
  json.set(head);
  for (let at = head.length; at < json.length - 2; at += 2) {
    json[at] = 0x2c;
    json[at + 1] = 0x31;
  }
  json.set(new TextEncoder().encode(']}'), json.length - 2);
  return json;
}
