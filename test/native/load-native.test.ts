import { describe, expect, it } from 'vitest';
import { builtAddon, PACKAGE_FOLDER } from '../support/native-addon.js';
import { installedCopy } from './installed-copy.js';
import { runNode } from './run-node.js';

const addon = builtAddon();

/** Runs a program beside dist, with MODWIRE_NATIVE set or not. Resolves with what it printed as JSON. */
async function inProcess(setting: string | undefined, program: string, folder = PACKAGE_FOLDER) {
  const env = setting === undefined ? {} : { MODWIRE_NATIVE: setting };
  const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', program], env, folder);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const KERNELS = `
  import { loadNative, nativeStatus } from './dist/native/load-native.js';
  import { kernels } from './dist/native/kernels.js';
  const attempt = (get) => {
    try {
      return get();
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  const native = attempt(() => kernels().native);
  console.log(JSON.stringify({ native, loaded: attempt(() => loadNative() !== undefined), status: attempt(nativeStatus) }));
`;

const TWICE = `
  import { loadNative, nativeStatus } from './dist/native/load-native.js';
  const errors = [];
  for (let times = 0; times < 2; times++) {
    try {
      loadNative();
    } catch ({ code, message }) {
      errors.push({ code, message });
    }
  }
  console.log(JSON.stringify({ errors, status: nativeStatus() }));
`;

describe('MODWIRE_NATIVE', () => {
  it('0 leaves the work to TypeScript, also where the addon is there', async () => {
    expect(await inProcess('0', KERNELS)).toEqual({
      native: false,
      loaded: false,
      status: { inUse: false, why: 'MODWIRE_NATIVE is 0', required: false },
    });
  });

  it.skipIf(addon === undefined).each([[undefined], [''], ['1']])('%j takes the addon', async (setting) => {
    expect(await inProcess(setting, KERNELS)).toMatchObject({
      native: true,
      loaded: true,
      status: { inUse: true, required: setting === '1', features: addon!.features },
    });
  });

  it('unset falls back where there is no addon', async () => {
    const { errors, status } = await inProcess(undefined, TWICE, installedCopy());
    expect(errors).toEqual([]);
    expect(status).toMatchObject({ inUse: false, required: false });
  });

  it('1 without the addon is FAILED_PRECONDITION each time, with the reason and what to do', async () => {
    const { errors, status } = await inProcess('1', TWICE, installedCopy());
    expect(status).toMatchObject({ inUse: false, required: true });
    expect(errors).toHaveLength(2);
    for (const { code, message } of errors) {
      expect(code).toBe('FAILED_PRECONDITION');
      expect(message).toContain('MODWIRE_NATIVE is 1 and the native addon cannot be used');
      expect(message).toContain(status.why);
      expect(message).toMatch(/run node .*build-native\.mjs --force; or unset MODWIRE_NATIVE$/);
    }
  });

  it('of any other value is INVALID_ARGUMENT', async () => {
    const { native, status } = await inProcess('yes', KERNELS);
    for (const { code, message } of [native, status]) {
      expect(code).toBe('INVALID_ARGUMENT');
      expect(message).toContain('expected 0 (never), 1 (always) or unset (where it is there), got "yes"');
    }
  });
});

/** Uses a kernel and a program of its own, in whichever thread it runs. */
const WORK = `
  import { kernels } from '${distUrl('native/kernels.js')}';
  import { compileProgram } from '${distUrl('contracts/compile-program.js')}';
  import { SAMPLE_SCHEMA, samplePayload } from '${distUrl('workers/sample-payload.js')}';
  export function work() {
    const { native, crc32c, verifier } = kernels();
    const bytes = samplePayload(50);
    const spans = Uint32Array.of(0, bytes.length, 0, bytes.length - 1);
    const program = compileProgram(SAMPLE_SCHEMA, 0);
    const failures = verifier.verifyRegion(program, bytes, spans, 2, new Int32Array(4));
    return { native, failures, crc: crc32c(bytes, 0, bytes.length) };
  }
`;

function distUrl(path: string): string {
  return new URL(`../../dist/${path}`, import.meta.url).href;
}

describe.skipIf(addon === undefined)('the addon in worker threads', () => {
  it('is loaded by several at once, and works on after some have ended', async () => {
    const thread = `${WORK}
      import { parentPort } from 'node:worker_threads';
      parentPort.postMessage(work());
    `;
    const program = `${WORK}
      import { Worker } from 'node:worker_threads';
      import { once } from 'node:events';
      const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(thread)}));
      const results = [];
      for (let round = 0; round < 3; round++) {
        await Promise.all([1, 2, 3].map(async () => {
          const worker = new Worker(url);
          const ended = once(worker, 'exit');
          const [result] = await once(worker, 'message');
          results.push(result);
          await ended;
        }));
      }
      results.push(work());
      console.log(JSON.stringify(results));
    `;
    const results = await inProcess('1', program);
    expect(results).toHaveLength(10);
    for (const result of results) expect(result).toEqual({ native: true, failures: 1, crc: results[9].crc });
  });
});
