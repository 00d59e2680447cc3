import { beforeAll, describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { explainRule, Rule, type RuleName } from '../../src/codec/verify-rule.js';
import type { Program } from '../../src/contracts/program.js';
import { VERIFY_LIMITS } from '../../src/contracts/program-ops.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import { payloadOf } from '../support/flatc.js';
import { verdictOf } from '../support/payload-verdicts.js';
import { Id, PayloadMap, programOf, REQUEST, REQUEST_VALUE } from '../support/request-payload.js';
import { PAYLOAD_RULES } from '../support/rules.js';
import { TABLE_VIOLATIONS, UNION_VIOLATIONS, VALUE_VIOLATIONS } from '../support/violations-of-payloads.js';

const VIOLATIONS = [...TABLE_VIOLATIONS, ...VALUE_VIOLATIONS, ...UNION_VIOLATIONS];
/** Shown by tests of their own, here and in program-bounds.test.ts. */
const SHOWN_ALONE: readonly RuleName[] = ['tooLong', 'workBudget', 'depth', 'tableCount'];

/** What the message of a rule says instead of its explanation when it knows by how much something is too long. */
const RUNNING: Partial<Record<RuleName, string>> = {
  ...{ vtableSize: 'vtable', tableBounds: 'table', offsetBounds: 'the target of an offset' },
  ...{ vectorBounds: 'vector', stringBounds: 'string' },
};

let program: Program;
let good: Uint8Array;

beforeAll(async () => {
  program = await programOf(REQUEST);
  good = await payloadOf(REQUEST, REQUEST_VALUE);
});

function changed(edit: (map: PayloadMap) => void): Uint8Array {
  const map = new PayloadMap(good.slice());
  edit(map);
  return map.bytes;
}

describe('the program verifier', () => {
  it('accepts the payload that the violations are made of', () => {
    expect(verdictOf(program, good)).toBeUndefined();
  });

  for (const { rule, path, what, at, edit, past } of VIOLATIONS) {
    it(`rejects ${rule} ${path} ${what}`, () => {
      const map = new PayloadMap(good);
      const offset = at(map);
      const bytes = past?.(map);
      const why =
        bytes === undefined
          ? explainRule(Rule[rule])
          : `${RUNNING[rule]} runs ${bytes} ${bytes === 1 ? 'byte' : 'bytes'} past the buffer`;
      const text = `${path === '' ? '' : `${path}: `}${why}, at 0x${offset.toString(16)}`;
      expect(verdictOf(program, changed(edit))).toEqual({ rule, offset, path, text });
    });
  }

  it('has a hand-made violation for every rule that a payload can break', () => {
    const shown = new Set([...VIOLATIONS.map(({ rule }) => rule), ...SHOWN_ALONE]);
    expect(PAYLOAD_RULES.filter((rule) => !shown.has(rule))).toEqual([]);
  });

  it('says path, rule, how much is too long, and the byte in a sentence', () => {
    const payload = changed((map) => {
      const shape = map.follow(map.slotOf(map.element(Id.inputs, 3), 1));
      map.put32(shape, (map.bytes.length - shape - 4) / 4 + 3);
    });
    const { text } = verdictOf(program, payload)!;
    expect(text).toMatch(/^inputs\[3\]\.shape: vector runs 12 bytes past the buffer, at 0x[0-9a-f]+$/);
  });

  it('rejects every payload that is cut short, or lacks everything', () => {
    for (let length = 0; length < good.length; length++) {
      const violation = verdictOf(program, good.subarray(0, length));
      expect(violation, `${length} bytes`).toBeDefined();
      if (length < VERIFY_LIMITS.minBytes) expect(violation).toMatchObject({ rule: 'tooShort', offset: 0 });
    }
  });

  it('accepts what leaves out all that is optional', async () => {
    const least = await payloadOf(REQUEST, { name: '' });
    expect(verdictOf(program, least)).toBeUndefined();
  });

  it('leaves deprecated fields and those of later versions alone', async () => {
    const later = REQUEST.replace('at:Point;', 'at:Point; more:string (required); most:[ulong];');
    const value = { ...REQUEST_VALUE, more: 'more', most: [1, 2] };
    const payload = new PayloadMap(await payloadOf(later, value));
    expect(verdictOf(program, payload.bytes)).toBeUndefined();
    payload.put32(payload.slot(Id.at + 1), 0xffff_ffff);
    payload.put16(payload.entry(Id.old), 0xffff);
    expect(verdictOf(program, payload.bytes)).toBeUndefined();
  });

  it('takes members of unions that it does not know for granted, and what an empty vector is aligned to', () => {
    const unknown = changed((map) => {
      const tags = map.value(Id.bodiesType) + 4;
      map.bytes.set([9, 0, 255], tags);
      for (let index = 0; index < 3; index++) map.put32(map.elementSlot(Id.bodies, index), 0xffff_ffff);
      map.bytes.set([9], map.slot(Id.bodyType));
      map.put32(map.slot(Id.body), 1);
    });
    expect(verdictOf(program, unknown)).toBeUndefined();
    const empty = changed((map) => map.lead(map.slot(Id.points), map.value(Id.points) + 4, [0, 0, 0, 0]));
    expect(verdictOf(program, empty)).toBeUndefined();
  });

  it('takes a tag without a value for none where the member is a table or a string', () => {
    for (const tag of [0, 1, 3, 77]) {
      const payload = changed((map) => {
        map.bytes.set([tag], map.slot(Id.bodyType));
        map.put16(map.entry(Id.body), 0);
      });
      expect(verdictOf(program, payload)).toBeUndefined();
    }
  });

  it('asks for the file identifier of the declared root alone', async () => {
    const leaf = await programOf(REQUEST, 'shop.Leaf');
    const text = REQUEST.replace('root_type Request', 'root_type Leaf');
    const payload = await payloadOf(text, { text: 'leaf' });
    payload.set([0x58], 4);
    expect(verdictOf(leaf, payload)).toBeUndefined();
    expect(verdictOf(await programOf(text), payload)).toMatchObject({ rule: 'identifier', offset: 4 });
  });

  it('holds many payloads of several programs apart, whatever came before', async () => {
    const verifier = new ProgramVerifier();
    const leaf = await programOf(REQUEST, 'shop.Leaf');
    for (const { rule, edit } of VIOLATIONS) {
      const broken = changed(edit);
      expect(verifier.verify(program, new Memory(good), 0, good.length)).toBeUndefined();
      expect(verifier.verify(leaf, new Memory(good), 0, good.length)?.rule).toBe('fieldAlignment');
      expect(verifier.verify(program, new Memory(broken), 0, broken.length)?.rule).toBe(rule);
    }
  });

  it('looks at a vtable again for a table that is aligned otherwise', async () => {
    const schema = 'table Number { value:ulong; } table Root { numbers:[Number]; } root_type Root;';
    const numbers = await payloadOf(schema, { numbers: [{ value: 1 }, { value: 2 }] });
    const map = new PayloadMap(new Uint8Array(Math.ceil(numbers.length / 8) * 8 + 32));
    map.bytes.set(numbers);
    const vtable = map.vtableOf(map.element(0, 0));
    const inTable = map.u16(vtable + 4);
    for (const [shift, rule] of [
      [0, undefined],
      [4, 'fieldAlignment'],
    ] as const) {
      const table = Math.ceil(numbers.length / 8) * 8 + 8 - inTable + shift;
      map.put32(map.elementSlot(0, 1), table - map.elementSlot(0, 1));
      map.putVtable(table, vtable);
      const verdict = verdictOf(await programOf(schema), map.bytes);
      expect([verdict?.rule, verdict?.path]).toEqual([rule, rule && 'numbers[1].value']);
    }
  });

  it('looks at a vtable again for a table of another type', async () => {
    // So many that the numbers of their records come round in whatever is remembered.
    const types = Array.from({ length: 256 }, (_, index) => index);
    const schema = `
      ${types.map((type) => `table T${type} { value:${type === 0 ? 'ubyte' : 'ulong'}; }`).join('\n')}
      table Root { ${types.map((type) => `t${type}:T${type};`).join(' ')} }
      root_type Root;
    `;
    const all = await programOf(schema);
    for (const type of types.slice(1)) {
      const map = new PayloadMap(await payloadOf(schema, { t0: { value: 1 }, [`t${type}`]: { value: 1 } }));
      map.put32(map.slot(type), map.value(0) - map.slot(type));
      expect(verdictOf(all, map.bytes)).toMatchObject({ rule: 'fieldOutsideTable', path: `t${type}.value` });
    }
  });
});
