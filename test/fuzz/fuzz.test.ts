import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BatchReader, decodeControl, Memory } from 'modwire/codec';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtAddon } from '../support/native-addon.js';
import { NEIGHBOUR_BYTES, surround } from '../support/surrounded.js';
import { runAgainstBroker } from './broker-run.js';
import { hasCompiler } from './cpp-program.js';
import { FuzzFailure } from './fuzz-failure.js';
import { FrameLaws, LawBroken } from './laws.js';
import { VerifierRun } from './verifier-run.js';
import { watchVerifier } from './verifier-watch.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const kept = fileURLToPath(new URL('../fixtures/fuzz/', import.meta.url));
const SEED = 20260105;
const addon = builtAddon();

describe('fuzzing the codec', () => {
  it('breaks no law in 400,000 cases', () => {
    const run = new VerifierRun(SEED);
    for (let index = 0; index < 400_000; index++) run.step(index);
    const { cases, framesAccepted, framesRejected, controlsAccepted, controlsRejected } = run.tally;
    expect(cases).toBe(400_000);
    // Both verdicts are common, else the mutations miss their aim.
    expect(Math.min(framesAccepted, framesRejected)).toBeGreaterThan(40_000);
    expect(Math.min(controlsAccepted, controlsRejected)).toBeGreaterThan(4_000);
    expect(Math.min(run.tally.batchesWhole, run.tally.batchesBroken)).toBeGreaterThan(2_000);
  });

  it('breaks the same frames for the same seed, wherever it starts', () => {
    const tallyOf = (seed: number, from: number) => {
      const run = new VerifierRun(seed);
      for (let index = from; index < from + 2000; index++) run.step(index);
      return run.tally;
    };
    expect(tallyOf(1, 0)).toEqual(tallyOf(1, 0));
    expect(tallyOf(1, 0)).not.toEqual(tallyOf(2, 0));
    const late = 2 ** 40;
    expect(tallyOf(1, late)).toEqual(tallyOf(1, late));
    expect(tallyOf(1, late)).not.toEqual(tallyOf(1, 0));
  });

  it.each(readdirSync(kept).filter((file) => file.endsWith('.bin')))('has learned from %s', (file) => {
    const bytes = readFileSync(join(kept, file));
    const memory = surround(bytes, 0xaa);
    const limit = NEIGHBOUR_BYTES + bytes.length;
    const laws = new FrameLaws();
    laws.check(memory, NEIGHBOUR_BYTES, limit);
    laws.checkNeighbours(memory, surround(bytes, 0), NEIGHBOUR_BYTES, limit);
    decodeControl(memory, NEIGHBOUR_BYTES, limit);
    const reader = new BatchReader();
    reader.reset(new Memory(memory.u8.subarray(NEIGHBOUR_BYTES, limit)));
    while (reader.next()) {
      laws.check(memory, NEIGHBOUR_BYTES + reader.start, NEIGHBOUR_BYTES + reader.end);
      decodeControl(memory, NEIGHBOUR_BYTES + reader.start, NEIGHBOUR_BYTES + reader.end);
    }
  });
});

describe('the fuzzer as a program', () => {
  beforeAll(() => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [compiler, '-p', join(root, 'test/fuzz/tsconfig.json')]);
  }, 60_000);

  const fuzz = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'build/fuzz/main.js'), ...args], { encoding: 'utf8' });

  it('prints its seed and a summary and exits with 0', () => {
    const { status, stdout, stderr } = fuzz('--frames', '5000', '--seed', '9', '--no-broker');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^seed 9\ncodec: 5,000 cases in /);
  });

  it('exits with 2 and says what is wrong for a bad flag', () => {
    const { status, stdout, stderr } = fuzz('--frames', 'many');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^fuzz: not a number .*"many" \(--frames\)\n$/);
  });

  it.skipIf(addon === undefined && !hasCompiler())(
    'breaks payloads of contracts too',
    () => {
      const { status, stdout, stderr } = fuzz('--target', 'contracts', '--payloads', '5000', '--seed', '9');
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^seed 9\ncontracts: 5,000 payloads in /);
    },
    120_000,
  );

  it('stops when its time is over', () => {
    const { status, stdout } = fuzz('--frames', '1_000_000_000', '--duration', '0.5', '--no-broker');
    expect(status).toBe(0);
    expect(stdout).toMatch(/codec: [\d,]+ cases/);
  });
});

describe('a failure', () => {
  it('is found when a case does not end', async () => {
    const program = `import { workerData } from 'node:worker_threads'; workerData.beat[0] = 7; for (;;);`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
    const options = { seed: 3, start: 0, frames: 100, durationMs: 1000 };
    const failure = await watchVerifier(options, () => undefined, 400, url).catch((thrown) => thrown);
    expect(failure).toBeInstanceOf(FuzzFailure);
    expect(failure).toMatchObject({ seed: 3, index: 7, bytes: new VerifierRun(3).bytesOf(7) });
    expect(failure.message).toContain('does not end');
  });

  it('is reported with seed, case and bytes, and kept', () => {
    const directory = mkdtempSync(join(tmpdir(), 'modwire-fuzz-'));
    try {
      const failure = new FuzzFailure(5, 1234, Uint8Array.from([1, 255]), new LawBroken('law', 'found'));
      expect(failure.report()).toContain('seed 5, case 1234, 2 bytes:\n01ff\n');
      expect(failure.report()).toContain('--seed 5 --start 1134 --frames 101 --no-broker');
      const ofContracts = new FuzzFailure(5, 50, Uint8Array.of(1), 'why', 'contracts');
      expect(ofContracts.report()).toContain('--seed 5 --start 0 --target contracts --payloads 101');
      expect([...readFileSync(failure.keep(directory))]).toEqual([1, 255]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('fuzzing a broker', () => {
  it('harms neither the broker nor the clients beside', async () => {
    const tally = await runAgainstBroker({
      ...{ seed: SEED, start: 0, frames: 40_000, durationMs: 30_000 },
      progress: () => undefined,
    });
    expect(tally.cases).toBe(40_000);
    expect(tally.healthy).toBeGreaterThan(100);
    expect(tally.delivered).toBeGreaterThan(1000);
    // Unreadable batches, control messages out of place, and too many malformed frames were all met.
    expect(Object.keys(tally.closed)).toEqual(expect.arrayContaining(['1003', '4400', '4401']));
  }, 60_000);
});
