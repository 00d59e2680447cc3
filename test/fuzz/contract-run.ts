import { Memory } from 'modwire/codec';
import { Rule, type RuleNumber, ruleName } from '../../dist/codec/verify-rule.js';
import type { RegionVerifier } from '../../dist/contracts/region-verifier.js';
import { ANSWER, type ContractOracle, type Region } from './contract-oracle.js';
import type { FuzzedContract } from './contract-specimens.js';
import { FuzzFailure } from './fuzz-failure.js';
import { LawBroken } from './laws.js';
import { mutatedBytes, putMutated } from './mutate.js';
import { Prng } from './prng.js';

/** Payloads of one schema, verified in one call. */
const REGION_PAYLOADS = 64;
/** Payloads that are judged at once: a whole number of regions. */
const CHUNK_PAYLOADS = 256 * REGION_PAYLOADS;

/** What is refused here although FlatBuffers takes it; docs/verifier.md says why. */
export const STRICTER: ReadonlySet<number> = new Set<RuleNumber>([
  ...[Rule.vtableOffset, Rule.vtableSize, Rule.tableBounds, Rule.fieldOutsideTable, Rule.fieldAlignment],
  ...[Rule.offsetZero, Rule.utf8, Rule.workBudget, Rule.depth],
]);

type Regions = Pick<RegionVerifier, 'verifyRegion'>;

/** Those who judge, where they are there: something must be there beside TypeScript. */
export interface ContractJudges {
  readonly typescript: Regions;
  readonly native: Regions | undefined;
  readonly oracle: Pick<ContractOracle, 'judge'> | undefined;
}

export interface ContractTally {
  cases: number;
  accepted: number;
  rejected: number;
  /** How often each rule was broken, by its number. */
  readonly rules: number[];
  /** How often by what FlatBuffers accepts. */
  readonly stricter: number[];
}

/** Breaks payloads of contracts, and holds the verifiers against each other. */
export class ContractRun {
  readonly tally: ContractTally = { cases: 0, accepted: 0, rejected: 0, rules: [], stricter: [] };
  readonly #seed: number;
  readonly #contracts: readonly FuzzedContract[];
  readonly #judges: ContractJudges;
  readonly #prng: Prng;
  /** Room for a region. */
  readonly #memory: Memory;

  constructor(seed: number, contracts: readonly FuzzedContract[], judges: ContractJudges) {
    this.#seed = seed;
    this.#contracts = contracts;
    this.#judges = judges;
    this.#prng = new Prng(seed);
    const sizes = contracts.flatMap(({ specimens }) => specimens.map(({ bytes }) => bytes.length));
    this.#memory = Memory.allocate(REGION_PAYLOADS * mutatedBytes(Math.max(...sizes)));
  }

  /** Runs some cases from `start` on, at most to `end`; returns the next one. Rejects with FuzzFailure. */
  async step(start: number, end: number): Promise<number> {
    const regions: Region[] = [];
    let next = start;
    while (next < end && next - start < CHUNK_PAYLOADS) {
      // Regions begin at the same cases wherever a run does: what is remembered from payload to payload is the same.
      const regionEnd = Math.min(end, (Math.floor(next / REGION_PAYLOADS) + 1) * REGION_PAYLOADS);
      regions.push(this.#region(next, regionEnd));
      next = regionEnd;
    }
    const judged = this.#judges.oracle?.judge(regions);
    // It works on meanwhile; what becomes of it is seen below, unless something else fails first.
    judged?.catch(() => undefined);
    const own = regions.map((region) => this.#verify(region));
    const answers = await judged;
    let at = 0;
    regions.forEach((region, index) => {
      for (let payload = 0; payload < region.count; payload++, at += ANSWER.numbers) {
        this.#hold(region, payload, own[index]!, answers?.subarray(at, at + ANSWER.numbers));
      }
    });
    return next;
  }

  #region(start: number, end: number): Region {
    const schema = Math.floor(start / REGION_PAYLOADS) % this.#contracts.length;
    const { specimens } = this.#contracts[schema]!;
    const spans = new Uint32Array(2 * (end - start));
    let at = 0;
    for (let index = start; index < end; index++) {
      this.#prng.reseed(this.#seed, index);
      const length = putMutated(this.#prng, specimens, this.#memory, at);
      spans.set([at, at + length], 2 * (index - start));
      at += length;
    }
    return { schema, start, count: end - start, bytes: this.#memory.u8.slice(0, at), spans };
  }

  /** The verdicts of TypeScript, which are those of the addon. */
  #verify(region: Region): Int32Array {
    const { schema, start, count, bytes, spans } = region;
    const { program } = this.#contracts[schema]!;
    const verdicts = new Int32Array(2 * count);
    this.#judges.typescript.verifyRegion(program, bytes, spans, count, verdicts);
    if (this.#judges.native === undefined) return verdicts;
    const others = new Int32Array(2 * count);
    this.#judges.native.verifyRegion(program, bytes, spans, count, others);
    for (let at = 0; at < 2 * count; at += 2) {
      if (others[at] === verdicts[at] && others[at + 1] === verdicts[at + 1]) continue;
      const found = `${text(verdicts, at)} in TypeScript, ${text(others, at)} in the addon`;
      throw this.#failure(region, start + at / 2, 'both verifiers say the same', found);
    }
    return verdicts;
  }

  #hold(region: Region, payload: number, verdicts: Int32Array, answer: Int32Array | undefined): void {
    const { tally } = this;
    const at = 2 * payload;
    const rule = verdicts[at]!;
    const index = region.start + payload;
    const length = region.spans[at + 1]! - region.spans[at]!;
    tally.cases++;
    if (rule === Rule.ok) tally.accepted++;
    else tally.rejected++;
    tally.rules[rule] = (tally.rules[rule] ?? 0) + 1;
    if (verdicts[at + 1]! < 0 || verdicts[at + 1]! > length) {
      throw this.#failure(region, index, 'violations lie in their payload', text(verdicts, at));
    }
    if (answer === undefined) return;
    if (answer[ANSWER.rule] !== rule || answer[ANSWER.offset] !== verdicts[at + 1]) {
      const found = `${text(verdicts, at)} in TypeScript, ${text(answer, ANSWER.rule)} in C++`;
      throw this.#failure(region, index, 'both verifiers say the same', found);
    }
    const accepted = answer[ANSWER.generated] === 1;
    if (rule === Rule.ok && !accepted) {
      throw this.#failure(region, index, 'what FlatBuffers rejects is rejected', 'accepted');
    }
    if (rule === Rule.ok || !accepted) return;
    tally.stricter[rule] = (tally.stricter[rule] ?? 0) + 1;
    if (STRICTER.has(rule)) return;
    throw this.#failure(region, index, 'what FlatBuffers accepts is accepted', text(verdicts, at));
  }

  #failure({ schema, start, bytes, spans }: Region, index: number, law: string, found: string): FuzzFailure {
    const at = 2 * (index - start);
    const { name } = this.#contracts[schema]!.schema;
    const cause = new LawBroken(law, `${found}, of schema ${name}`);
    return new FuzzFailure(this.#seed, index, bytes.subarray(spans[at], spans[at + 1]), cause, 'contracts');
  }
}

/** A verdict for people. */
function text(verdicts: Int32Array, at: number): string {
  return `${ruleName(verdicts[at] as RuleNumber)} at ${verdicts[at + 1]}`;
}
