import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { VERSION } from '../../../src/version.js';
import { builtAddon } from '../../support/native-addon.js';
import { TRANSPORTS } from '../../support/transports.js';
import { type CliOptions, cleanUp, folder, run } from '../cli-process.js';

afterEach(cleanUp);

const addon = builtAddon();
const hasUws = TRANSPORTS.includes('uws');

const reports = new Map<string, ReturnType<typeof measured>>();

interface Check {
  readonly name: string;
  readonly state: string;
  readonly value: string;
  readonly why: string;
  readonly advice?: string;
  readonly error?: { readonly code: string };
}

/** What it says in JSON. It measures, so it is asked once for each setting. */
function report(options: CliOptions = {}) {
  const setting = JSON.stringify(options);
  const made = reports.get(setting) ?? measured(options);
  reports.set(setting, made);
  return made;
}

async function measured(options: CliOptions) {
  const { code, lines, errors } = await run(['doctor', '--json'], options);
  expect(lines).toHaveLength(1);
  const { version, checks, verifyNanos, offloadBytes } = JSON.parse(lines[0]!);
  expect(version).toBe(VERSION);
  const check = (name: string) => (checks as Check[]).find((one) => one.name === name)!;
  return { code, errors, check, verifyNanos, offloadBytes };
}

describe('modwire doctor', () => {
  it('says which Node.js runs, and that it is right', async () => {
    const { code, check } = await report();
    expect(code).toBe(0);
    expect(check('Node.js')).toMatchObject({ state: 'good', value: process.versions.node });
  });

  it('shows the same to people, with a line for each check', async () => {
    const { code, stdout, stderr } = await run(['doctor'], { env: { MODWIRE_TRANSPORT: 'ws' } });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^modwire ${VERSION}\n`));
    expect(stdout).toContain(`Node.js       ${process.versions.node}: on `);
    expect(stdout).toContain('transport     ws: chosen by environment variable MODWIRE_TRANSPORT\n');
    expect(stdout).toMatch(/^ {2}native addon {2}(not )?in use: .+$/m);
    expect(stdout).not.toContain('\u001b');
  });

  it.each(['0', ...(addon === undefined ? [] : ['1'])])(
    'measures from what size on the worker pool pays, with MODWIRE_NATIVE=%s',
    async (native) => {
      const env = { MODWIRE_NATIVE: native };
      const { offloadBytes } = await report({ env });
      expect(offloadBytes).toBeGreaterThan(1024);
      const { stdout } = await run(['doctor'], { env });
      expect(stdout).toMatch(/^The worker pool pays from [\d,]+ bytes on \(offloadBytes\)\.$/m);
    },
  );

  describe('about the transport', () => {
    it('says which one a broker would take by itself', async () => {
      const { check } = await report();
      expect(check('transport')).toMatchObject(
        hasUws
          ? {
              state: 'good',
              value: 'uws',
              why: `uWebSockets.js has a binary for Node.js ${process.versions.node}`,
            }
          : { state: 'lesser', value: 'ws', advice: expect.stringContaining('Run Node.js 20 or 22') },
      );
    });

    it('names the configuration file that chose it', async () => {
      const { code, check } = await report({ cwd: folder({ transport: 'ws' }) });
      expect(code).toBe(0);
      expect(check('transport')).toMatchObject({
        state: 'good',
        value: 'ws',
        why: 'chosen by modwire.config.json, key transport',
      });
    });

    it('takes uws where it was asked for, or fails with UNAVAILABLE where there is no binary', async () => {
      const { code, check } = await report({ env: { MODWIRE_TRANSPORT: 'uws' } });
      expect(code).toBe(hasUws ? 0 : ERRORS.UNAVAILABLE.exitCode);
      expect(check('transport')).toMatchObject({ state: hasUws ? 'good' : 'failed', value: 'uws' });
      expect(check('transport').why).toMatch(/, chosen by environment variable MODWIRE_TRANSPORT$/);
    });

    it('shows what is wrong with the configuration, and what else there is', async () => {
      const { code, errors, check } = await report({ cwd: folder({ transport: 'carrier pigeon' }) });
      expect(code).toBe(ERRORS.INVALID_ARGUMENT.exitCode);
      expect(errors).toEqual([expect.stringContaining('transport is not valid')]);
      expect(check('transport')).toMatchObject({ state: 'failed', error: { code: 'INVALID_ARGUMENT' } });
      expect(check('native addon')).toBeDefined();
    });
  });

  describe('about the native addon', () => {
    it('says that it is switched off', async () => {
      const { code, check, verifyNanos } = await report({ env: { MODWIRE_NATIVE: '0' } });
      expect(code).toBe(0);
      expect(check('native addon')).toEqual({
        name: 'native addon',
        state: 'lesser',
        value: 'not in use',
        why: 'MODWIRE_NATIVE is 0',
      });
      expect(verifyNanos).toBeUndefined();
    });

    it('fails for a setting that is none', async () => {
      const { code, errors, check, offloadBytes } = await report({ env: { MODWIRE_NATIVE: 'yes' } });
      expect(offloadBytes).toBeUndefined();
      expect(code).toBe(ERRORS.INVALID_ARGUMENT.exitCode);
      expect(errors).toEqual([expect.stringContaining('MODWIRE_NATIVE is not valid')]);
      expect(check('native addon')).toMatchObject({ state: 'failed', error: { code: 'INVALID_ARGUMENT' } });
    });

    it.skipIf(addon === undefined)(
      'says that it is in use, with what it found on the processor',
      async () => {
        const { check } = await report({ env: { MODWIRE_NATIVE: '1' } });
        expect(check('native addon')).toMatchObject({
          state: 'good',
          value: 'in use',
          details: addon!.features,
        });
      },
    );

    it.skipIf(addon === undefined)('measures it beside TypeScript', async () => {
      const { verifyNanos } = await report();
      const { single, region, nativePaysFromBytes } = verifyNanos;
      for (const { typescript, native } of [...single, region]) {
        expect(typescript).toBeGreaterThan(0);
        expect(native).toBeGreaterThan(0);
      }
      const sizes = single.map(({ bytes }: { bytes: number }) => bytes);
      expect(sizes).toEqual(sizes.toSorted((one: number, other: number) => one - other));
      if (nativePaysFromBytes !== undefined) expect(sizes).toContain(nativePaysFromBytes);
      const { stdout } = await run(['doctor']);
      for (const size of sizes) expect(stdout).toContain(`${size} bytes`);
      expect(stdout).toMatch(/^ +payload +TypeScript +native$/m);
    });
  });
});
