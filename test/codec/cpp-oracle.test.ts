import { beforeAll, describe, expect, it } from 'vitest';
import { decodeControl, isViolation } from '../../src/codec/control.js';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { Memory } from '../../src/codec/memory.js';
import { toHex } from '../../src/codec/message-id.js';
import type { RuleName } from '../../src/codec/verify-rule.js';
import { CONTROL_SPECIMENS, FRAME_SPECIMENS } from '../fuzz/corpus.js';
import { hasCompiler } from '../fuzz/cpp-program.js';
import { mutatedBytes, putMutated } from '../fuzz/mutate.js';
import { Prng } from '../fuzz/prng.js';
import { type Specimen, specimenOf } from '../fuzz/specimen.js';
import { CppOracle } from '../support/cpp-oracle.js';
import { goldenFrames } from '../support/golden.js';
import { thoroughly } from '../support/thoroughness.js';
import { GOOD_FRAMES } from '../support/violation-case.js';

const SEED = 20260104;
const COUNT = thoroughly(50_000, 250_000);

const compiler = hasCompiler();
if (!compiler) {
  const advice = 'install g++ (or set CXX) to hold the verifiers against the generated C++ one';
  if (process.env.CI === 'true') throw new Error(advice);
  console.warn(`skipped: ${advice}`);
}

const view = new FrameView();
const verifier = new FrameVerifier();

/** The rule that a message breaks; undefined when it is accepted. */
type Judge = (bytes: Uint8Array) => RuleName | undefined;

const judgeFrame: Judge = (bytes) => {
  if (!verifier.verify(new Memory(bytes), 0, bytes.length, view)) return view.violation!.rule;
  return view.byteLength === bytes.length ? undefined : 'sizePrefix';
};

const judgeControl: Judge = (bytes) => {
  const decoded = decodeControl(new Memory(bytes), 0, bytes.length);
  return isViolation(decoded) ? decoded.rule : undefined;
};

/**
 * What is refused here although FlatBuffers would take it. It also takes vtables of less than 4 bytes: in the last
 * bytes of a message these are found out by their offset.
 */
const STRICTER: ReadonlySet<RuleName> = new Set([
  ...(['sizeAlignment', 'tableBounds', 'fieldOutsideTable', 'vtableSize', 'vtableOffset'] as const),
  ...(['utf8', 'overlap', 'workBudget', 'unionBody'] as const),
]);

/** It does not look whether the structs in a list are aligned. */
const STRICTER_IN_CONTROL: ReadonlySet<RuleName> = new Set([...STRICTER, 'fieldAlignment']);

/** FlatBuffers takes a size prefix that says less than there is, and then looks at all there is. */
const saysItsSize = (bytes: Uint8Array) =>
  bytes.length >= 4 && new Memory(bytes).data.getUint32(0, true) + 4 === bytes.length;

/** `count` broken messages, the same ones for every call. */
function* mutated(specimens: readonly Specimen[], count: number): Generator<Uint8Array> {
  const largest = Math.max(...specimens.map(({ bytes }) => bytes.length));
  const memory = new Memory(new Uint8Array(mutatedBytes(largest)));
  const prng = new Prng(SEED);
  for (let index = 0; index < count; index++) {
    prng.reseed(SEED, index);
    const length = putMutated(prng, specimens, memory, 0);
    yield memory.u8.slice(0, length);
  }
}

describe.skipIf(!compiler)('beside the generated C++ verifier', () => {
  let oracle: CppOracle;

  beforeAll(async () => {
    oracle = await CppOracle.build();
  }, 120_000);

  it('good frames are accepted by both', async () => {
    const good = [...FRAME_SPECIMENS.map(({ bytes }) => bytes), ...Object.values(GOOD_FRAMES)];
    good.push(...goldenFrames().map(({ bytes }) => bytes));
    expect(await oracle.judge('frame', good)).toEqual(good.map(() => true));
    expect(good.map(judgeFrame)).toEqual(good.map(() => undefined));
  });

  it('good control messages are accepted by both', async () => {
    const good = CONTROL_SPECIMENS.map(({ bytes }) => bytes);
    expect(await oracle.judge('control', good)).toEqual(good.map(() => true));
    expect(good.map(judgeControl)).toEqual(good.map(() => undefined));
  });

  for (const [kind, specimens, judge, stricter] of [
    [
      'frame',
      [...FRAME_SPECIMENS, ...Object.values(GOOD_FRAMES).map((frame) => specimenOf(frame))],
      judgeFrame,
      STRICTER,
    ],
    ['control', CONTROL_SPECIMENS, judgeControl, STRICTER_IN_CONTROL],
  ] as const) {
    it(`whatever it rejects of ${COUNT} broken messages is rejected here: ${kind}`, async () => {
      const verdicts = await oracle.judge(kind, mutated(specimens, COUNT));
      expect(verdicts.length).toBe(COUNT);
      const tally = { both: 0, neither: 0, oracleOnly: 0 };
      let index = 0;
      for (const bytes of mutated(specimens, COUNT)) {
        const theirs = verdicts[index++]!;
        const rule = judge(bytes);
        if (rule === undefined && !theirs)
          expect.fail(`accepted here alone: case ${index - 1}, ${toHex(bytes)}`);
        if (rule !== undefined && theirs && saysItsSize(bytes) && !stricter.has(rule)) {
          expect.fail(`rejected here alone by ${rule}: case ${index - 1}, ${toHex(bytes)}`);
        }
        if (rule === undefined) tally.both++;
        else if (theirs) tally.oracleOnly++;
        else tally.neither++;
      }
      // Both verdicts must be common, else the comparison says nothing.
      expect(tally.both).toBeGreaterThan(COUNT / 50);
      expect(tally.neither).toBeGreaterThan(COUNT / 10);
      expect(tally.both + tally.neither + tally.oracleOnly).toBe(COUNT);
    });
  }
});
