import { describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import type { RegionVerifier } from '../../src/contracts/region-verifier.js';
import { TypeScriptVerifier } from '../../src/contracts/typescript-verifier.js';
import { InlineWork } from '../../src/workers/inline-work.js';
import { measureOffloadBytes } from '../../src/workers/measure-offload.js';
import { SAMPLE_SCHEMA, samplePayload } from '../../src/workers/sample-payload.js';
import { startPool } from '../support/pool-fixture.js';
import { refusal } from '../support/registry-fixture.js';

const SIZES = Array.from({ length: 10 }, (_, step) => samplePayload(256 << step).length);

/** Accepts everything, however long that takes. */
function acceptingAfter(pause: () => void): RegionVerifier {
  const accept = () => {
    pause();
    return 0;
  };
  return { verifyRegion: accept, verifyPayload: accept };
}

describe('the size from which the pool verifies', () => {
  it('is one of those that are measured, and leaves the pool with nothing to do', async () => {
    const pool = startPool();
    const bytes = await measureOffloadBytes(pool, new TypeScriptVerifier());
    expect(SIZES).toContain(bytes);
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0, lost: 0, refused: 0 });
    expect(pool.stats().completed).toBeGreaterThan(0);
  });

  it('is the smallest when the thread that asks takes too long for it', async () => {
    const slow = acceptingAfter(() => {
      const until = performance.now() + 1;
      while (performance.now() < until);
    });
    expect(await measureOffloadBytes(new InlineWork(), slow)).toBe(SIZES[0]);
  });

  it('is the largest when the thread that asks takes no time', async () => {
    const pool = startPool();
    expect(
      await measureOffloadBytes(
        pool,
        acceptingAfter(() => undefined),
      ),
    ).toBe(SIZES.at(-1));
  });

  it('is not known when the pool refuses', async () => {
    const pool = startPool();
    await pool.close();
    expect((await refusal(measureOffloadBytes(pool, new TypeScriptVerifier()))).code).toBe('UNAVAILABLE');
  });
});

describe('the payload that is measured', () => {
  it.each([0, 1, 7, 256])('verifies with %i tables, and not with a byte less', (nodes) => {
    const program = compileProgram(SAMPLE_SCHEMA, 0);
    const payload = samplePayload(nodes);
    const verify = (end: number) => new ProgramVerifier().verify(program, new Memory(payload), 0, end);
    expect(verify(payload.length)).toBeUndefined();
    if (nodes > 0) expect(verify(payload.length - 1)).toBeDefined();
  });
});
