import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf, compileCpp, generateCpp, ROOT } from '../fuzz/cpp-program.js';

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

/** FlatBuffers' generated C++ verifier for today's schemas, as a program that judges many messages at once. */
export class CppOracle {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  /** Generates and compiles it, unless that was done before for the same sources. Takes some seconds. */
  static async build(): Promise<CppOracle> {
    const schemas = Object.fromEntries(
      ['frame.fbs', 'control.fbs'].map((name) => [name, readFileSync(join(ROOT, 'schemas', name), 'utf8')]),
    );
    return new CppOracle(compileCpp('cpp-oracle', PROGRAM, await generateCpp(schemas)));
  }

  /** One verdict for each message, in their order. */
  async judge(kind: 'frame' | 'control', messages: Iterable<Uint8Array>): Promise<boolean[]> {
    const answer = await answerOf(this.#program, records(kind === 'frame' ? 0 : 1, messages));
    return Array.from(answer, (byte) => byte === 1);
  }
}

function* records(kind: number, messages: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const message of messages) {
    yield new Uint8Array(new Uint32Array([kind, message.length]).buffer);
    yield message;
  }
}
