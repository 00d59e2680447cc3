import { describe, expect, it } from 'vitest';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { Memory } from '../../src/codec/memory.js';
import { explainRule, Rule, type RuleName } from '../../src/codec/verify-rule.js';
import { REQUIRED_FIELDS } from '../support/frame-arbitrary.js';
import { FrameMap } from '../support/frame-map.js';
import { readingOfFields } from '../support/frame-reading.js';
import { MESSAGE_RULES } from '../support/rules.js';
import { judge } from '../support/surrounded.js';
import { ALL_FIELDS, GOOD_FRAMES } from '../support/violation-case.js';
import { OFFSET_VIOLATIONS, STRING_VIOLATIONS, VECTOR_VIOLATIONS } from '../support/violations-of-offsets.js';
import { STAMP_NEIGHBOURS, STAMP_VIOLATIONS } from '../support/violations-of-stamp.js';
import {
  FIELD_VIOLATIONS,
  HEADER_VIOLATIONS,
  PREAMBLE_VIOLATIONS,
  VTABLE_VIOLATIONS,
} from '../support/violations-of-tables.js';

const VIOLATIONS = [
  ...PREAMBLE_VIOLATIONS,
  ...VTABLE_VIOLATIONS,
  ...FIELD_VIOLATIONS,
  ...HEADER_VIOLATIONS,
  ...OFFSET_VIOLATIONS,
  ...STRING_VIOLATIONS,
  ...VECTOR_VIOLATIONS,
  ...STAMP_VIOLATIONS,
];

function violationOf(rule: RuleName, offset: number, path: string) {
  const text = `${path === '' ? '' : `${path}: `}${explainRule(Rule[rule])}, at 0x${offset.toString(16)}`;
  return { rule, offset, path, text };
}

describe('the frame verifier', () => {
  it('accepts the frames that the violations are made of', () => {
    const { written, generated, offsetsFirst, minimal } = GOOD_FRAMES;
    for (const frame of [written, generated, offsetsFirst]) {
      expect(judge(frame)).toEqual(readingOfFields(ALL_FIELDS));
    }
    expect(judge(minimal)).toMatchObject({ subject: ALL_FIELDS.subject, payload: '', headers: [] });
  });

  for (const { rule, path, what, frame, at, edit } of VIOLATIONS) {
    it(`rejects ${rule} ${path} ${what}`, () => {
      const expected = violationOf(rule, at(new FrameMap(GOOD_FRAMES[frame])), path);
      const map = new FrameMap(GOOD_FRAMES[frame].slice());
      edit(map);
      expect(judge(map.bytes)).toEqual(expected);
    });
  }

  for (const { path, what, edit } of STAMP_NEIGHBOURS) {
    it(`accepts ${path === '' ? 'a frame' : path} ${what}`, () => {
      const map = new FrameMap(GOOD_FRAMES.offsetsFirst.slice());
      edit(map);
      expect(judge(map.bytes)).toHaveProperty('subject');
    });
  }

  it('accepts what ends exactly where the frame ends', () => {
    const payload = new Uint8Array(24).fill(1);
    const bytes = new FrameWriter().encode({ ...REQUIRED_FIELDS, payload });
    const map = new FrameMap(bytes);
    expect(map.target('payload') + 4 + payload.length).toBe(bytes.length);
    expect(judge(bytes)).toMatchObject({ payload: '01'.repeat(24) });
    // A payload of no bytes that begins at the end, a text whose zero is the last byte, a list without headers.
    const full = new FrameMap(GOOD_FRAMES.written.slice());
    const end = full.bytes.length;
    full.bytes.fill(0, end - 12);
    full.lead(full.slot('payload'), end - 4, []);
    full.lead(full.slot('headers'), end - 4, []);
    full.lead(full.slot('baggage'), end - 12, [7, 0, 0, 0]);
    full.lead(full.slot('subject'), end - 12, [7, 0, 0, 0]);
    const text = '\0'.repeat(7);
    expect(judge(full.bytes)).toMatchObject({ payload: '', headers: [], baggage: text, subject: text });
  });

  it('accepts a vtable at the very end of the frame', () => {
    const map = withVtableAtEnd(GOOD_FRAMES.written);
    expect(judge(map.bytes)).toEqual(readingOfFields(ALL_FIELDS));
    map.put16(map.vtable, map.u16(map.vtable) + 2);
    expect(judge(map.bytes)).toMatchObject({ rule: 'vtableSize' });
  });

  it('rejects every frame cut short, by its size prefix', () => {
    for (const bytes of Object.values(GOOD_FRAMES)) {
      for (let length = 0; length < bytes.length; length++) {
        const rule = length < 12 ? 'tooShort' : 'sizePrefix';
        expect(judge(bytes.subarray(0, length))).toEqual(violationOf(rule, 0, ''));
      }
    }
  });

  it('accepts headers that share their text as long as the frame is large enough for the work', () => {
    const shared = shareName(10, 100);
    expect(judge(shared)).toMatchObject({ headers: Array.from({ length: 10 }, () => ['x'.repeat(100), '']) });
  });

  it('rejects workBudget when texts are referred to more often than the size of the frame allows', () => {
    const verdict = judge(shareName(200, 4000));
    expect(verdict).toMatchObject({
      rule: 'workBudget',
      path: expect.stringMatching(/^headers\[\d+\]\.name$/),
    });
  });

  it('counts tables as work, not their texts alone', () => {
    // Each entry of the list is worth 16 bytes of work, as much as a table costs: the texts are too much.
    const verdict = judge(shareHeader(1000, 10));
    expect(verdict).toMatchObject({ rule: 'workBudget', path: expect.stringMatching(/^headers\[\d+\]/) });
    expect(judge(shareHeader(1000, 0))).toHaveProperty('headers.length', 1000);
  });

  it('accepts fields of later versions, and holds them against their table and the stamp', () => {
    const later = withUnknownField(4);
    expect(judge(later.bytes)).toMatchObject({ subject: ALL_FIELDS.subject });
    const entry = later.vtable + 4 + 2 * 14;
    const cases: [offset: number, rule: RuleName][] = [
      [3, 'fieldOutsideTable'],
      [later.data.getUint16(later.vtable + 2, true), 'fieldOutsideTable'],
      [0xffff, 'fieldOutsideTable'],
      [later.slot('stamp') - later.table, 'overlap'],
      [later.slot('stamp') - later.table + 23, 'overlap'],
    ];
    for (const [offset, rule] of cases) {
      const map = new FrameMap(later.bytes.slice());
      map.put16(entry, offset);
      expect(judge(map.bytes)).toEqual(violationOf(rule, entry, 'field 14'));
    }
  });

  it('remembers a shape without taking another one for it', () => {
    const verifier = new FrameVerifier();
    const frames = [GOOD_FRAMES.minimal, GOOD_FRAMES.written, GOOD_FRAMES.generated];
    for (const { rule, frame, edit } of VIOLATIONS) {
      const map = new FrameMap(GOOD_FRAMES[frame].slice());
      edit(map);
      for (const good of [GOOD_FRAMES[frame], ...frames]) {
        const view = new FrameView();
        expect(verifier.verify(new Memory(good), 0, good.length, view), view.violation?.text).toBe(true);
        expect(verifier.verify(new Memory(map.bytes), 0, map.bytes.length, view)).toBe(false);
        expect(view.violation?.rule).toBe(rule);
      }
    }
  });

  it('takes no frame for one of a remembered shape whose vtable only begins alike', () => {
    const shorter = new FrameMap(GOOD_FRAMES.written.slice());
    shorter.put16(shorter.vtable, shorter.u16(shorter.vtable) - 2);
    const verifier = new FrameVerifier();
    const view = new FrameView();
    for (const [frame, hasHeaders] of [
      [GOOD_FRAMES.written, true],
      [shorter.bytes, false],
      [GOOD_FRAMES.written, true],
    ] as const) {
      expect(verifier.verify(new Memory(frame), 0, frame.length, view)).toBe(true);
      expect([view.has('headers'), view.headers.length > 0]).toEqual([hasHeaders, hasHeaders]);
    }
  });

  it('looks at the alignment anew when a table of a remembered shape lies elsewhere', () => {
    const good = new FrameMap(GOOD_FRAMES.written);
    // Everything but the vtable moves by 4, so that nothing of 8 bytes is aligned.
    const moved = new FrameMap(new Uint8Array(good.bytes.length + 8));
    moved.bytes.set(good.bytes.subarray(0, good.table));
    moved.bytes.set(good.bytes.subarray(good.table), good.table + 4);
    moved.put32(0, moved.bytes.length - 4);
    moved.put32(4, good.table);
    moved.putVtable(good.table + 4, good.vtable);
    const verifier = new FrameVerifier();
    const view = new FrameView();
    expect(verifier.verify(new Memory(good.bytes), 0, good.bytes.length, view)).toBe(true);
    expect(verifier.verify(new Memory(moved.bytes), 0, moved.bytes.length, view)).toBe(false);
    expect(view.violation).toMatchObject({ rule: 'fieldAlignment', path: 'origin' });
  });

  it.each(['tracestate', 'baggage', 'experiment', 'variant', 'assignmentKey'] as const)(
    'looks at %s also when it is the only text',
    (field) => {
      const map = new FrameMap(new FrameWriter().encode({ ...REQUIRED_FIELDS, [field]: 'text' }));
      map.bytes[map.target(field) + 4] = 0xff;
      expect(judge(map.bytes)).toMatchObject({ rule: 'utf8', path: field });
    },
  );

  it('has a hand-made violation for every rule that a frame can break', () => {
    const shown = new Set(VIOLATIONS.map((violation) => violation.rule));
    const ofControl: RuleName[] = ['unionBody', 'depth'];
    const elsewhere: RuleName[] = ['workBudget', ...ofControl];
    expect(MESSAGE_RULES.filter((rule) => !shown.has(rule) && !elsewhere.includes(rule))).toEqual([]);
  });

  it('hashes equal subjects alike under one seed and differently under another', () => {
    expect(hashOf(1, GOOD_FRAMES.written)).toBe(hashOf(1, GOOD_FRAMES.minimal));
    expect(hashOf(1, GOOD_FRAMES.written)).not.toBe(hashOf(2, GOOD_FRAMES.written));
  });

  it('hashes subjects of any length, and every byte of them', () => {
    const subjects = new Set<string>();
    for (let length = 0; length < 24; length++) {
      subjects.add('a'.repeat(length));
      for (let at = 0; at < length; at++) subjects.add(`${'a'.repeat(at)}b${'a'.repeat(length - at - 1)}`);
    }
    expect(new Set([...subjects].map((subject) => hashOf(3, withSubject(subject)))).size).toBe(subjects.size);
  });

  it('hashes subjects differently whose words differ so that a plain multiplication would be undone', () => {
    for (const seed of [0, 1, 0x1234_5678, -1, 0x7fff_ffff]) {
      const hashes = new Set<number>();
      for (let choice = 0; choice < 4096; choice++) {
        let subject = '';
        // Bit 29 of one word; bits 29 and 14 of the next.
        for (let bit = 0; bit < 12; bit++) subject += choice & (1 << bit) ? 'aaaAa!aA' : 'aaaaaaaa';
        hashes.add(hashOf(seed, withSubject(subject)));
      }
      expect(hashes.size).toBeGreaterThan(4080);
    }
  });
});

function withSubject(subject: string): Uint8Array {
  return new FrameWriter().encode({ ...REQUIRED_FIELDS, subject });
}

function hashOf(seed: number, bytes: Uint8Array): number {
  const view = new FrameView();
  expect(new FrameVerifier(seed).verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
  return view.subjectHash;
}

/** A frame with `count` headers that share one name of `length` bytes; their values are empty. */
function shareName(count: number, length: number): Uint8Array {
  const headers: [string, string][] = Array.from({ length: count }, () => ['', '']);
  headers[count - 1] = ['x'.repeat(length), ''];
  const map = new FrameMap(new FrameWriter().encode({ ...REQUIRED_FIELDS, headers }));
  const shared = map.follow(map.header(count - 1) + 4);
  for (let index = 0; index < count; index++) {
    const slot = map.header(index) + 4;
    map.data.setUint32(slot, shared - slot, true);
  }
  return map.bytes;
}

/** A frame whose list names one header `count` times; its name has `length` bytes, at most 11. */
function shareHeader(count: number, length: number): Uint8Array {
  const one = new FrameWriter().encode({ ...REQUIRED_FIELDS, headers: [['', '']] });
  // Behind everything else: the list, then the table, 12 bytes, the name, 16 bytes, and an empty value.
  const list = one.length;
  const table = list + 4 + 4 * count;
  const map = new FrameMap(new Uint8Array(Math.ceil((table + 36) / 8) * 8));
  map.bytes.set(one);
  const vtable = map.vtableOf(map.header(0));
  map.put32(0, map.bytes.length - 4);
  map.lead(map.slot('headers'), list, []);
  map.put32(list, count);
  for (let entry = list + 4; entry < table; entry += 4) map.put32(entry, table - entry);
  map.putVtable(table, vtable);
  map.lead(map.slotOf(table, 0), table + 12, [length, 0, 0, 0, ...new Array(length).fill(0x78)]);
  map.lead(map.slotOf(table, 1), table + 28, []);
  return map.bytes;
}

/** The same frame with its vtable moved behind everything else, 32 bytes of it. */
function withVtableAtEnd(frame: Uint8Array): FrameMap {
  const map = new FrameMap(new Uint8Array(frame.length + 32));
  map.bytes.set(frame);
  map.put32(0, map.bytes.length - 4);
  map.bytes.copyWithin(frame.length, map.vtable, map.vtable + 32);
  map.putVtable(map.table, frame.length);
  return map;
}

/** The full frame with one more field, of id 14 and that many bytes, at the end of its table. */
function withUnknownField(fieldBytes: number): FrameMap {
  const old = new FrameMap(GOOD_FRAMES.written);
  const vtableBytes = old.data.getUint16(old.vtable, true);
  const tableBytes = old.data.getUint16(old.vtable + 2, true);
  // A new vtable goes to the end of the frame; the field takes bytes that follow the table, which nobody forbids.
  const bytes = new Uint8Array(old.bytes.length + Math.ceil((vtableBytes + 2) / 8) * 8);
  bytes.set(old.bytes);
  const map = new FrameMap(bytes);
  const vtable = old.bytes.length;
  bytes.copyWithin(vtable, old.vtable, old.vtable + vtableBytes);
  map.data.setUint32(0, bytes.length - 4, true);
  map.data.setUint16(vtable, vtableBytes + 2, true);
  map.data.setUint16(vtable + 2, tableBytes + fieldBytes, true);
  map.data.setUint16(vtable + vtableBytes, tableBytes, true);
  map.data.setInt32(old.table, old.table - vtable, true);
  return map;
}
