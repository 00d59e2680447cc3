import { ModwireError } from 'modwire/codec';
import { Rule, type RuleNumber, ruleName } from '../../dist/codec/verify-rule.js';
import { TypeScriptVerifier } from '../../dist/contracts/typescript-verifier.js';
import { NativeVerifier } from '../../dist/native/native-verifier.js';
import { openAddon } from '../../dist/native/open-addon.js';
import { ContractOracle } from './contract-oracle.js';
import { type ContractJudges, ContractRun, type ContractTally } from './contract-run.js';
import { type FuzzedContract, fuzzedContracts } from './contract-specimens.js';
import { hasCompiler, ROOT } from './cpp-program.js';
import type { FuzzOptions } from './options.js';
import type { Progress } from './progress.js';

const count = (value: number) => value.toLocaleString('en-US');

/** Breaks payloads of contracts and says what became of them. Rejects with FuzzFailure when a law is broken. */
export async function fuzzContracts(options: FuzzOptions, progress: Progress): Promise<void> {
  const { seed, start, payloads, durationMs } = options;
  progress.show('compiling');
  const contracts = await fuzzedContracts();
  const judges = await contractJudges(contracts);
  const run = new ContractRun(seed, contracts, judges);
  const began = performance.now();
  const end = start + payloads;
  for (let next = start; next < end && performance.now() - began < durationMs; ) {
    if (progress.due) progress.show(`contracts ${count(run.tally.cases)} of ${count(payloads)}`);
    next = await run.step(next, end);
  }
  progress.end();
  report(run.tally, judges, performance.now() - began);
}

/** All that are there. Throws FAILED_PRECONDITION when nothing is there to hold TypeScript against. */
async function contractJudges(contracts: readonly FuzzedContract[]): Promise<ContractJudges> {
  const { addon } = openAddon(ROOT);
  const programs = contracts.map(({ program }) => program);
  const oracle = hasCompiler() ? await ContractOracle.build(programs) : undefined;
  if (addon === undefined && oracle === undefined) {
    throw new ModwireError('FAILED_PRECONDITION', {
      what: 'there is neither the native addon nor a C++ compiler to hold the verifier against',
      advice: 'install g++ (or set CXX)',
    });
  }
  const native = addon === undefined ? undefined : new NativeVerifier(addon);
  return { typescript: new TypeScriptVerifier(), native, oracle };
}

function report(tally: ContractTally, { native, oracle }: ContractJudges, tookMs: number): void {
  const { cases, accepted, rejected, stricter, rules } = tally;
  const rate = Math.round((cases / tookMs) * 1000);
  const others = [
    ...(native === undefined ? [] : ['the addon']),
    ...(oracle === undefined ? [] : ['C++ with sanitizers', "FlatBuffers' generated verifier"]),
  ];
  console.log(
    `contracts: ${count(cases)} payloads in ${(tookMs / 1000).toFixed(1)} s, ${count(rate)} a second`,
  );
  console.log(`  beside   ${others.join(', ')}`);
  console.log(`  verdicts ${count(accepted)} accepted, ${count(rejected)} rejected`);
  console.log(`  rules    ${byRule(rules)}`);
  if (oracle !== undefined) console.log(`  stricter ${byRule(stricter)}, which FlatBuffers accepts`);
}

function byRule(counts: readonly number[]): string {
  return counts
    .map((times, rule) => `${ruleName(rule as RuleNumber)} ${count(times)}`)
    .filter((_, rule) => rule !== Rule.ok && counts[rule] !== undefined)
    .join(', ');
}
