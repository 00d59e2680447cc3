import { beforeAll, describe, expect, it } from 'vitest';
import { Rule } from '../../src/codec/verify-rule.js';
import { TypeScriptVerifier } from '../../src/contracts/typescript-verifier.js';
import { NativeVerifier } from '../../src/native/native-verifier.js';
import { builtAddon } from '../support/native-addon.js';
import { PAYLOAD_RULES } from '../support/rules.js';
import { thoroughly } from '../support/thoroughness.js';
import { ANSWER, ContractOracle } from './contract-oracle.js';
import { type ContractJudges, ContractRun, STRICTER } from './contract-run.js';
import { type FuzzedContract, fuzzedContracts } from './contract-specimens.js';
import { hasCompiler } from './cpp-program.js';
import { FuzzFailure } from './fuzz-failure.js';

const SEED = 20260301;
const COUNT = thoroughly(40_000, 200_000);

const addon = builtAddon();
const compiler = hasCompiler();
if (!compiler) {
  const advice = 'install g++ (or set CXX) to hold the verifiers against the generated C++ one';
  if (process.env.CI === 'true') throw new Error(advice);
  console.warn(`skipped: ${advice}`);
}

let contracts: readonly FuzzedContract[];
let judges: ContractJudges;

beforeAll(async () => {
  contracts = await fuzzedContracts();
  judges = {
    typescript: new TypeScriptVerifier(),
    native: addon === undefined ? undefined : new NativeVerifier(addon),
    oracle: compiler ? await ContractOracle.build(contracts.map(({ program }) => program)) : undefined,
  };
}, 180_000);

async function runAll(run: ContractRun, start: number, end: number): Promise<void> {
  for (let next = start; next < end; ) next = await run.step(next, end);
}

/** A failure as a text that says how to see it again. */
async function failureOf(work: Promise<void>): Promise<string | undefined> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown === undefined || thrown instanceof FuzzFailure) return thrown?.report();
  throw thrown;
}

describe.skipIf(addon === undefined && !compiler)('payloads of contracts, broken', () => {
  it(`get the same verdict, rule and offset from TypeScript and C++ in ${COUNT} cases, and none that FlatBuffers rejects passes`, async () => {
    const run = new ContractRun(SEED, contracts, judges);
    expect(await failureOf(runAll(run, 0, COUNT))).toBeUndefined();
    const { cases, accepted, rejected, rules, stricter } = run.tally;
    expect([cases, accepted + rejected]).toEqual([COUNT, COUNT]);
    // Both verdicts and nearly all rules are met, else the mutations miss their aim.
    expect(accepted).toBeGreaterThan(COUNT / 20);
    const met = PAYLOAD_RULES.filter((rule) => (rules[Rule[rule]] ?? 0) > 0);
    // A million tables, or 2 GiB, are no specimens; program-verifier.test.ts has them.
    expect(met).toEqual(PAYLOAD_RULES.filter((rule) => rule !== 'tableCount' && rule !== 'tooLong'));
    if (compiler) expect(new Set(Object.keys(stricter).map(Number))).toEqual(STRICTER);
  }, 120_000);

  it('verify when they are whole, but for a chain of 65 tables', () => {
    const verdicts = new Int32Array(2);
    for (const { schema, program, specimens } of contracts) {
      const rules = specimens.map(({ bytes }) => {
        judges.typescript.verifyRegion(program, bytes, Uint32Array.of(0, bytes.length), 1, verdicts);
        return verdicts[0];
      });
      // It is the last specimen of Node.
      const tooDeep = schema.name === 'node' ? [Rule.depth] : [];
      const whole = specimens.slice(tooDeep.length).map(() => Rule.ok);
      expect([schema.name, rules]).toEqual([schema.name, [...whole, ...tooDeep]]);
    }
  });

  it('are the same ones for the same seed, wherever a run starts', async () => {
    const tallyOf = async (seed: number, from: number) => {
      const run = new ContractRun(seed, contracts, { ...judges, oracle: undefined });
      await runAll(run, from, from + 2000);
      return run.tally;
    };
    const late = 2 ** 40;
    expect(await tallyOf(1, late)).toEqual(await tallyOf(1, late));
    expect(await tallyOf(1, late)).not.toEqual(await tallyOf(2, late));
    expect(await tallyOf(1, late)).not.toEqual(await tallyOf(1, 0));
  });
});

describe('the differential run', () => {
  /** Changes what TypeScript says about payloads that break a rule. */
  const changing = (change: (verdicts: Int32Array, at: number) => void): ContractJudges['typescript'] => ({
    verifyRegion(program, bytes, spans, count, verdicts) {
      judges.typescript.verifyRegion(program, bytes, spans, count, verdicts);
      for (let at = 0; at < 2 * count; at += 2) if (verdicts[at] === Rule.utf8) change(verdicts, at);
      return 0;
    },
  });

  it.each<[string, (verdicts: Int32Array, at: number) => void]>([
    ['verdict', (verdicts, at) => verdicts.fill(0, at, at + 2)],
    ['rule', (verdicts, at) => verdicts.fill(Rule.stringBounds, at, at + 1)],
    ['offset', (verdicts, at) => verdicts.fill(verdicts[at + 1]! - 4, at + 1, at + 2)],
  ])('sees another %s, and says how to see it again', async (_, change) => {
    const native = changing(change);
    const run = new ContractRun(SEED, contracts, { ...judges, native, oracle: undefined });
    const report = await failureOf(runAll(run, 0, 20_000));
    expect(report).toContain('both verifiers say the same: utf8 at ');
    expect(report).toMatch(/--seed 20260301 --start \d+ --target contracts --payloads 101/);
  });

  /** Changes what the oracle answers about each payload. */
  const answering = (change: (answer: Int32Array) => void): ContractJudges['oracle'] => ({
    async judge(regions) {
      const answers = await judges.oracle!.judge(regions);
      for (let at = 0; at < answers.length; at += ANSWER.numbers) {
        change(answers.subarray(at, at + ANSWER.numbers));
      }
      return answers;
    },
  });

  it.skipIf(!compiler).each<[string, string, (answer: Int32Array) => void]>([
    ['what FlatBuffers alone rejects', 'what FlatBuffers rejects is rejected', (answer) => answer.fill(0, 2)],
    ['what it alone accepts', 'what FlatBuffers accepts is accepted', (answer) => answer.fill(1, 2)],
    ['another rule in C++', 'both verifiers say the same', (answer) => answer.fill(Rule.overlap, 0, 1)],
    ['another offset in C++', 'both verifiers say the same', (answer) => answer.fill(-1, 1, 2)],
  ])('sees %s', async (_, law, change) => {
    const run = new ContractRun(SEED, contracts, { ...judges, oracle: answering(change) });
    expect(await failureOf(runAll(run, 0, 1000))).toContain(law);
  });
});
