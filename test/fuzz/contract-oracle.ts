import type { Program } from '../../dist/contracts/program.js';
import { CONTRACT_SCHEMAS } from './contract-schemas.js';
import { answerOf, compileCpp, generateCpp } from './cpp-program.js';

/** The verifier of the addon, compiled into the oracle too: there sanitizers watch it. */
const KERNELS = ['verify.cc', 'check-program.cc', 'utf8.cc', 'verify.h', 'verify-format.h', 'utf8.h'];

/**
 * Reads programs first, in the order of the schemas: number of words, then the words. Then regions: number of the
 * schema, payloads, bytes, then the spans and the bytes. Answers each payload with the rule and the offset of the
 * native verifier, and with 1 when the generated one accepts it.
 */
const MAIN = `
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>
${CONTRACT_SCHEMAS.map(({ name }) => `#include "${name}_generated.h"`).join('\n')}
#include "native/verify.h"

static bool read_words(void *to, size_t count) { return fread(to, 4, count, stdin) == count; }

static bool generated(uint32_t schema, const uint8_t *bytes, size_t length) {
  flatbuffers::Verifier verifier(bytes, length);
  switch (schema) {
${CONTRACT_SCHEMAS.map(({ cppVerifier }, index) => `    case ${index}: return ${cppVerifier}(verifier);`).join('\n')}
    default: std::abort();
  }
}

// Of its own exact size, so that reading beyond it is seen.
static uint8_t *exact(const uint8_t *bytes, size_t length) {
  uint8_t *copy = static_cast<uint8_t *>(malloc(length));
  if (length > 0) memcpy(copy, bytes, length);
  return copy;
}

int main() {
  std::vector<int32_t> programs[${CONTRACT_SCHEMAS.length}];
  for (auto &program : programs) {
    uint32_t words;
    if (!read_words(&words, 1)) return 2;
    program.resize(words);
    if (!read_words(program.data(), words)) return 2;
    if (!modwire::check_program(program.data(), words)) return 3;
  }
  uint32_t head[3];
  while (read_words(head, 3)) {
    const std::vector<int32_t> &program = programs[head[0]];
    std::vector<uint32_t> spans(2 * head[1]);
    if (!read_words(spans.data(), spans.size())) return 2;
    std::vector<uint8_t> input(head[2]);
    if (fread(input.data(), 1, input.size(), stdin) != input.size()) return 2;
    uint8_t *const region = exact(input.data(), input.size());
    std::vector<int32_t> verdicts(2 * head[1]);
    modwire::verify_region(program.data(), program.size(), region, input.size(), spans.data(), head[1], verdicts.data());
    for (size_t at = 0; at < spans.size(); at += 2) {
      const size_t length = spans[at + 1] - spans[at];
      uint8_t *const payload = exact(region + spans[at], length);
      const modwire::Verdict alone = modwire::verify(program.data(), program.size(), payload, length);
      const int32_t answer[3] = {alone.rule, alone.offset, generated(head[0], payload, length)};
      free(payload);
      if (alone.rule != verdicts[at] || alone.offset != verdicts[at + 1]) {
        fprintf(stderr, "payload %zu: rule %d at %d in its region, %d at %d alone", at / 2, verdicts[at],
                verdicts[at + 1], alone.rule, alone.offset);
        return 4;
      }
      fwrite(answer, 4, 3, stdout);
    }
    free(region);
  }
  return 0;
}
`;

/** Payloads of one schema, side by side. */
export interface Region {
  readonly schema: number;
  /** Case of the first. */
  readonly start: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Start and end of each payload. */
  readonly spans: Uint32Array;
}

/** Numbers of a payload's answer: rule and offset of the native verifier, and whether the generated one accepts it. */
export const ANSWER = { rule: 0, offset: 1, generated: 2, numbers: 3 } as const;

/** FlatBuffers' generated verifier and our native one as a program, with AddressSanitizer and UBSan. */
export class ContractOracle {
  readonly #program: string;
  readonly #programs: readonly Program[];

  private constructor(program: string, programs: readonly Program[]) {
    this.#program = program;
    this.#programs = programs;
  }

  /** Compiles it, unless that was done before; `programs` are those of CONTRACT_SCHEMAS. Takes some seconds. */
  static async build(programs: readonly Program[]): Promise<ContractOracle> {
    const texts = Object.fromEntries(CONTRACT_SCHEMAS.map(({ name, text }) => [`${name}.fbs`, text]));
    const kernels = KERNELS.map((name) => `native/${name}`);
    const program = compileCpp('contract-oracle', MAIN, await generateCpp(texts), kernels);
    return new ContractOracle(program, programs);
  }

  /** ANSWER.numbers for each payload, in their order. Rejects when a sanitizer finds fault. */
  async judge(regions: readonly Region[]): Promise<Int32Array> {
    const answer = await answerOf(this.#program, this.#input(regions));
    return new Int32Array(Uint8Array.from(answer).buffer);
  }

  *#input(regions: readonly Region[]): Generator<Uint8Array> {
    for (const { code } of this.#programs) {
      yield bytesOf(Uint32Array.of(code.length));
      yield bytesOf(code);
    }
    for (const { schema, count, bytes, spans } of regions) {
      yield bytesOf(Uint32Array.of(schema, count, bytes.length));
      yield bytesOf(spans);
      yield bytes;
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
