import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { mutatedBytes, putMutated } from '../fuzz/mutate.js';
import { Prng } from '../fuzz/prng.js';
import { specimenOf } from '../fuzz/specimen.js';
import { bfbsOf, payloadOf } from '../support/flatc.js';
import { jsonArbitrary } from '../support/json-arbitrary.js';
import { verdictOf } from '../support/payload-verdicts.js';
import { PLAIN, planText, schemaPlan } from '../support/schema-plan.js';

/** Broken payloads for each that is whole. */
const BROKEN = 100;

test('whatever flatc writes for whatever schema verifies, and broken it gets one verdict from all', async () => {
  const tally = { written: 0, accepted: 0, rejected: 0 };
  await fc.assert(
    fc.asyncProperty(schemaPlan, fc.nat(), fc.nat(0xffff_ffff), async (plan, chosen, seed) => {
      const text = planText(plan, PLAIN);
      const schema = readSchema(await bfbsOf(text));
      const value = fc.sample(jsonArbitrary(schema, schema.root!), { seed: chosen, numRuns: 1 })[0];
      // Where tables require each other there is no end, and JSON without a value for one.
      const payload = await payloadOf(text, value).catch(() => undefined);
      if (payload === undefined) return;
      tally.written++;
      const program = compileProgram(schema, schema.root!);
      expect(verdictOf(program, payload)).toBeUndefined();
      const specimen = specimenOf(payload, false);
      const memory = Memory.allocate(mutatedBytes(payload.length));
      const prng = new Prng(seed);
      for (let index = 0; index < BROKEN; index++) {
        prng.reseed(seed, index);
        const length = putMutated(prng, [specimen], memory, 0);
        if (verdictOf(program, memory.u8.slice(0, length)) === undefined) tally.accepted++;
        else tally.rejected++;
      }
    }),
    { numRuns: 150 },
  );
  expect(tally.written).toBeGreaterThan(60);
  expect(Math.min(tally.accepted, tally.rejected)).toBeGreaterThan(tally.written);
}, 120_000);
