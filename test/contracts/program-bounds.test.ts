import { Builder } from 'flatbuffers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import type { Program } from '../../src/contracts/program.js';
import { VERIFY_LIMITS } from '../../src/contracts/program-ops.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import { CONTRACT_SCHEMAS } from '../fuzz/contract-schemas.js';
import { nodeChain } from '../fuzz/contract-specimens.js';
import { verdictOf } from '../support/payload-verdicts.js';
import { programOf } from '../support/request-payload.js';

const NODE = CONTRACT_SCHEMAS.find(({ name }) => name === 'node')!;
/** Ids of Node. */
const LABELS = 1;
const CHILDREN = 2;

let program: Program;

beforeAll(async () => {
  program = await programOf(NODE.text);
});

/** A node with one field: a vector whose elements all lead to `target`. */
function repeating(builder: Builder, field: number, target: number, count: number): Uint8Array {
  builder.startVector(4, count, 4);
  for (let left = count; left > 0; left--) builder.addOffset(target);
  const vector = builder.endVector();
  builder.startObject(field + 1);
  builder.addFieldOffset(field, vector, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array().slice();
}

function sharedLabels(count: number, bytes: number): Uint8Array {
  const builder = new Builder(1024);
  return repeating(builder, LABELS, builder.createString('x'.repeat(bytes)), count);
}

/** A vector of unions whose members are all one string. */
function sharedMembers(count: number, bytes: number): Uint8Array {
  const builder = new Builder(1024);
  const word = builder.createString('x'.repeat(bytes));
  builder.startVector(1, count, 1);
  for (let left = count; left > 0; left--) builder.addInt8(1);
  const tags = builder.endVector();
  builder.startVector(4, count, 4);
  for (let left = count; left > 0; left--) builder.addOffset(word);
  const values = builder.endVector();
  builder.startObject(2);
  builder.addFieldOffset(0, tags, 0);
  builder.addFieldOffset(1, values, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array().slice();
}

/** Children that are all one table, whose vtable has so many entries. */
function sharedChild(count: number, entries: number): Uint8Array {
  const builder = new Builder(1024);
  builder.startObject(entries);
  // A field that no version of the schema knows; without it the vtable would be cut.
  if (entries > 0) builder.addFieldInt8(entries - 1, 1, 0);
  return repeating(builder, CHILDREN, builder.endObject(), count);
}

const budgetOf = (payload: Uint8Array) => VERIFY_LIMITS.work + VERIFY_LIMITS.workPerByte * payload.length;
const tableWork = (entries: number) =>
  VERIFY_LIMITS.workPerTable + ((4 + 2 * entries) >> VERIFY_LIMITS.workVtableShift);

describe('the bound of work', () => {
  it('is exact for strings that are referred to many times', () => {
    const { workPerValue } = VERIFY_LIMITS;
    let met = 0;
    for (let bytes = 140; bytes < 260; bytes++) {
      const payload = sharedLabels(150, bytes);
      const work = tableWork(LABELS + 1) + workPerValue + 150 * (workPerValue + bytes);
      const expected = work <= budgetOf(payload) ? undefined : 'workBudget';
      expect([bytes, verdictOf(program, payload)?.rule]).toEqual([bytes, expected]);
      if (expected === undefined) met++;
    }
    expect(met).toBeGreaterThan(20);
    expect(met).toBeLessThan(100);
  });

  it('is exact for tables that are referred to many times, and counts their vtables', () => {
    let met = 0;
    for (let count = 400; count < 600; count += 3) {
      const payload = sharedChild(count, 1000);
      const work = tableWork(CHILDREN + 1) + VERIFY_LIMITS.workPerValue + count * tableWork(1000);
      const expected = work <= budgetOf(payload) ? undefined : 'workBudget';
      expect([count, verdictOf(program, payload)?.rule]).toEqual([count, expected]);
      if (expected === undefined) met++;
    }
    expect(met).toBeGreaterThan(10);
    expect(met).toBeLessThan(60);
  });

  it('is exact for members of unions that are referred to many times', async () => {
    const unions = await programOf('union Any { Word:string } table Root { any:[Any]; } root_type Root;');
    const { workPerValue } = VERIFY_LIMITS;
    let met = 0;
    for (let bytes = 160; bytes < 300; bytes++) {
      const payload = sharedMembers(150, bytes);
      const work = tableWork(2) + 2 * workPerValue + 150 * (2 * workPerValue + bytes);
      const expected = work <= budgetOf(payload) ? undefined : 'workBudget';
      expect([bytes, verdictOf(unions, payload)?.rule]).toEqual([bytes, expected]);
      if (expected === undefined) met++;
    }
    expect(met).toBeGreaterThan(20);
    expect(met).toBeLessThan(120);
  });

  it('names the element at which it is used up', () => {
    expect(verdictOf(program, sharedLabels(200, 10_000))).toMatchObject({
      rule: 'workBudget',
      path: expect.stringMatching(/^labels\[\d+\]$/),
    });
  });

  it('leaves room for any payload whose parts are referred to once', () => {
    expect(verdictOf(program, sharedLabels(1, 1_000_000))).toBeUndefined();
    const builder = new Builder(1024);
    const labels = Array.from({ length: 1000 }, (_, index) => builder.createString(String(index)));
    builder.startVector(4, labels.length, 4);
    for (const label of labels) builder.addOffset(label);
    const vector = builder.endVector();
    builder.startObject(2);
    builder.addFieldOffset(LABELS, vector, 0);
    builder.finish(builder.endObject());
    expect(verdictOf(program, builder.asUint8Array().slice())).toBeUndefined();
  });
});

describe('the other bounds', () => {
  it('allow 64 tables one in the other, also through unions, vectors and nested buffers', () => {
    for (let nodes = 1; nodes <= 70; nodes++) {
      const rule = nodes <= VERIFY_LIMITS.depth ? undefined : 'depth';
      expect([nodes, verdictOf(program, nodeChain(nodes))?.rule]).toEqual([nodes, rule]);
    }
    const { path } = verdictOf(program, nodeChain(65))!;
    expect(path.split('.')).toHaveLength(64);
    expect(path).toMatch(/children\[0\].*body/);
  });

  it('allow a million tables', () => {
    expect(verdictOf(program, sharedChild(VERIFY_LIMITS.tables - 1, 0))).toBeUndefined();
    expect(verdictOf(program, sharedChild(VERIFY_LIMITS.tables, 0))).toMatchObject({
      rule: 'tableCount',
      path: 'children[999999]',
    });
  });

  it('allow 2 GiB less one byte', () => {
    const { maxBytes } = VERIFY_LIMITS;
    // Nothing is written to it, and so it takes no memory.
    const memory = new Memory(new Uint8Array(maxBytes + 1));
    const verifier = new ProgramVerifier();
    expect(verifier.verify(program, memory, 0, maxBytes + 1)).toMatchObject({ rule: 'tooLong', offset: 0 });
    expect(verifier.verify(program, memory, 0, maxBytes)).toMatchObject({ rule: 'rootOffset', offset: 0 });
  });
});
