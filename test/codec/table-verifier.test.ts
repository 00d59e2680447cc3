import { describe, expect, it } from 'vitest';
import { decodeControl, encodeControl } from '../../src/codec/control.js';
import { Body } from '../../src/codec/generated/modwire/control/body.js';
import { Memory } from '../../src/codec/memory.js';
import { type TableShape, verifyTable } from '../../src/codec/table-verifier.js';
import type { RuleName } from '../../src/codec/verify-rule.js';
import { MessageMap } from '../support/message-map.js';
import { MESSAGE_RULES } from '../support/rules.js';
import { NEIGHBOUR_BYTES, surround } from '../support/surrounded.js';
import { nest, nestUnions, shareTable } from '../support/table-messages.js';

/** A subscribe message has everything that control messages are made of: texts, scalars, a list of tables. */
const SUBSCRIBE = encodeControl({
  ...{
    type: 'subscribe',
    subscription: 3,
    filter: 'filter',
    resume: true,
    complete: true,
    reads: [],
    group: '',
    skipHistory: false,
  },
  positions: [
    { subject: 'first', epoch: 7, sequence: 9 },
    { subject: 'second', epoch: 8, sequence: 1 },
  ],
});
const ENTRY = { id: new Uint8Array(16), epoch: 1, sequence: 1 };
const ACK = encodeControl({ type: 'ack', entries: [ENTRY, ENTRY] });
const LAST_BODY = Math.max(...Object.values(Body).filter((value) => typeof value === 'number'));

type Place = (map: MessageMap) => number;
const root: Place = (m) => m.table;
const bodySlot: Place = (m) => m.slotOf(m.table, 1);
const body: Place = (m) => m.follow(bodySlot(m));
const bodyVtable: Place = (m) => m.vtableOf(body(m));
const filter: Place = (m) => m.slotOf(body(m), 1);
const text: Place = (m) => m.follow(filter(m));
const textEnd: Place = (m) => text(m) + 4 + m.u32(text(m));
const list: Place = (m) => m.slotOf(body(m), 4);
const vector: Place = (m) => m.follow(list(m));
const position: Place = (m) => m.follow(vector(m) + 8);
const entry =
  (id: number): Place =>
  (m) =>
    m.entryOf(body(m), id);

type Case = readonly [rule: RuleName, path: string, what: string, at: Place, edit: (map: MessageMap) => void];

const CASES: readonly Case[] = [
  ['sizePrefix', '', 'that is larger than the bytes', () => 0, (m) => m.put32(0, m.bytes.length + 4)],
  ['sizePrefix', '', 'that is smaller than the bytes', () => 0, (m) => m.put32(0, m.bytes.length - 12)],
  ['identifier', '', 'of a frame', () => 8, (m) => m.bytes.set([0x50], 10)],
  ['rootOffset', '', 'that is 0', () => 4, (m) => m.put32(4, 0)],
  ['rootOffset', '', 'that is not aligned', () => 4, (m) => m.put32(4, root(m) - 2)],
  ['rootOffset', '', 'that leads to the end', () => 4, (m) => m.put32(4, m.bytes.length - 4)],
  ['vtableOffset', '', 'that leads before the message', root, (m) => m.putVtable(root(m), -2)],
  ['vtableOffset', 'body', 'that leads behind it', body, (m) => m.putVtable(body(m), m.bytes.length - 2)],
  ['vtableOffset', 'body', 'that is odd', body, (m) => m.putVtable(body(m), bodyVtable(m) + 1)],
  ['vtableSize', 'body', 'of 2', bodyVtable, (m) => m.put16(bodyVtable(m), 2)],
  ['vtableSize', 'body', 'that is odd', bodyVtable, (m) => m.put16(bodyVtable(m), 13)],
  ['vtableSize', 'body', 'beyond the message', bodyVtable, (m) => m.put16(bodyVtable(m), 0x7ffe)],
  ['tableBounds', 'body', 'of 3', body, (m) => m.put16(bodyVtable(m) + 2, 3)],
  ['tableBounds', 'body', 'beyond the message', body, (m) => m.put16(bodyVtable(m) + 2, 0x7fff)],
  ['fieldOutsideTable', 'body.subscription', 'on its head', entry(0), (m) => m.put16(entry(0)(m), 2)],
  ['fieldOutsideTable', 'body.filter', 'behind it', entry(1), (m) => m.put16(entry(1)(m), 0x7ffc)],
  [
    'fieldOutsideTable',
    'body.resume',
    'a byte behind it',
    entry(2),
    (m) => m.put16(entry(2)(m), m.u16(bodyVtable(m) + 2)),
  ],
  [
    'fieldAlignment',
    'body.subscription',
    'moved by 2',
    (m) => m.slotOf(body(m), 0) - 2,
    (m) => m.put16(entry(0)(m), m.u16(entry(0)(m)) - 2),
  ],
  [
    'fieldAlignment',
    'body.positions',
    'moved by 1',
    (m) => list(m) + 1,
    (m) => m.put16(entry(4)(m), m.u16(entry(4)(m)) + 1),
  ],
  ['requiredField', 'body.filter', 'that is absent', entry(1), (m) => m.put16(entry(1)(m), 0)],
  ['offsetAlignment', 'body.filter', 'that is 0', filter, (m) => m.put32(filter(m), 0)],
  [
    'offsetAlignment',
    'body.filter',
    'that leads to an odd place',
    filter,
    (m) => m.put32(filter(m), m.u32(filter(m)) + 1),
  ],
  [
    'offsetAlignment',
    'body.positions[1]',
    'that is 0',
    (m) => vector(m) + 8,
    (m) => m.put32(vector(m) + 8, 0),
  ],
  ['offsetBounds', 'body.positions', 'to the end', list, (m) => m.put32(list(m), m.bytes.length - list(m))],
  [
    'offsetBounds',
    'body',
    'that would wrap around 32 bits',
    bodySlot,
    (m) => m.put32(bodySlot(m), 0x1_0000_0000 - bodySlot(m) + 16),
  ],
  ['vectorBounds', 'body.positions', 'as long as can be', vector, (m) => m.put32(vector(m), 0xffffffff)],
  [
    'vectorBounds',
    'body.positions',
    'whose end would wrap around',
    vector,
    (m) => m.put32(vector(m), 0x3fffffff),
  ],
  [
    'stringBounds',
    'body.filter',
    'without room for its zero',
    text,
    (m) => m.put32(text(m), m.bytes.length - text(m) - 4),
  ],
  ['stringBounds', 'body.filter', 'as long as can be', text, (m) => m.put32(text(m), 0xffffffff)],
  [
    'stringTerminator',
    'body.filter',
    'followed by another byte',
    textEnd,
    (m) => m.bytes.set([1], textEnd(m)),
  ],
  [
    'utf8',
    'body.filter',
    'that ends within a character',
    (m) => text(m) + 4,
    (m) => m.bytes.set([0xe2], textEnd(m) - 1),
  ],
  [
    'utf8',
    'body.positions[1].subject',
    'with a wrong byte',
    (m) => m.follow(m.slotOf(position(m), 0)) + 4,
    (m) => m.bytes.set([0xff], m.follow(m.slotOf(position(m), 0)) + 4),
  ],
  [
    'unionBody',
    'body',
    'that is absent',
    (m) => m.entryOf(m.table, 1),
    (m) => m.put16(m.entryOf(m.table, 1), 0),
  ],
  ['unionBody', 'body', 'of no type', bodySlot, (m) => m.bytes.set([0], m.slotOf(m.table, 0))],
  [
    'unionBody',
    'body',
    'of an unknown type',
    bodySlot,
    (m) => m.bytes.set([LAST_BODY + 1], m.slotOf(m.table, 0)),
  ],
];

function verdict(bytes: Uint8Array) {
  return decodeControl(surround(bytes, 0xaa), NEIGHBOUR_BYTES, NEIGHBOUR_BYTES + bytes.length);
}

describe('the table verifier', () => {
  for (const [rule, path, what, at, edit] of CASES) {
    it(`rejects ${rule} ${path} ${what}`, () => {
      const offset = at(new MessageMap(SUBSCRIBE));
      const map = new MessageMap(SUBSCRIBE.slice());
      edit(map);
      expect(verdict(map.bytes)).toMatchObject({ rule, path, offset });
    });
  }

  it('rejects sizeAlignment', () => {
    const bytes = new Uint8Array(SUBSCRIBE.length + 4);
    bytes.set(SUBSCRIBE);
    new MessageMap(bytes).put32(0, bytes.length - 4);
    expect(verdict(bytes)).toMatchObject({ rule: 'sizeAlignment', offset: 0 });
  });

  it('rejects fieldAlignment of the elements of a list', () => {
    const map = new MessageMap(ACK.slice());
    const slot = map.slotOf(map.follow(map.slotOf(map.table, 1)), 0);
    // One entry fits 4 bytes further on, where it is not aligned; an empty list may begin anywhere.
    const entries = map.follow(slot) + 4;
    map.lead(slot, entries, [0, 0, 0, 0]);
    expect(verdict(map.bytes)).toMatchObject({ type: 'ack', entries: [] });
    map.lead(slot, entries, [1, 0, 0, 0]);
    expect(verdict(map.bytes)).toMatchObject({
      rule: 'fieldAlignment',
      offset: entries + 4,
      path: 'body.entries',
    });
  });

  it('rejects tables and vtables so large that generated code takes their offsets as negative', () => {
    const large = new Uint8Array(0x1_0000 + SUBSCRIBE.length);
    large.set(SUBSCRIBE);
    const map = new MessageMap(large);
    map.put32(0, large.length - 4);
    // A list of positions at the far end of the table; generated code would look 64 KiB before it.
    const far = Math.ceil((0x8000 + body(map)) / 4) * 4 - body(map);
    map.put16(bodyVtable(map) + 2, far + 4);
    map.put16(entry(4)(map), far);
    map.lead(body(map) + far, body(map) + far + 4, [0, 0, 0, 0]);
    expect(verdict(large)).toMatchObject({ rule: 'tableBounds', path: 'body' });

    large.fill(0, SUBSCRIBE.length);
    large.set(SUBSCRIBE);
    map.put32(0, large.length - 4);
    const vtable = SUBSCRIBE.length;
    large.copyWithin(vtable, bodyVtable(map), bodyVtable(map) + 14);
    map.put16(vtable, 0x8000);
    map.putVtable(body(map), vtable);
    expect(verdict(large)).toMatchObject({ rule: 'vtableSize', path: 'body' });
  });

  it('rejects workBudget when lists refer to the same bytes over and over', () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ subject: `${index}`, epoch: 1, sequence: 1 }));
    many[0] = { subject: 'x'.repeat(5000), epoch: 1, sequence: 1 };
    const map = new MessageMap(
      encodeControl({ type: 'subscribed', subscription: 1, positions: many, complete: true, missed: [] }),
    );
    const positions = map.follow(map.slotOf(map.follow(bodySlot(map)), 1));
    const long = Math.max(...many.map((_, index) => map.follow(positions + 4 + 4 * index)));
    for (let index = 0; index < 200; index++) {
      const slot = positions + 4 + 4 * index;
      map.put32(slot, long - slot);
    }
    expect(verdict(map.bytes)).toMatchObject({ rule: 'workBudget' });
  });

  it('counts the tables and the elements of shared lists as work', () => {
    const struct = { kind: 'structs', name: 'entries', bytes: 8, alignment: 4 } as const;
    const shape: TableShape = { fields: [{ kind: 'tables', name: 'items', of: { fields: [struct] } }] };
    const judge = (count: number, elements: number) => {
      const bytes = shareTable(count, elements);
      return verifyTable(new Memory(bytes), 0, bytes.length, 0, shape);
    };
    expect(judge(10, 0)).toBeUndefined();
    expect(judge(1000, 0)).toMatchObject({ rule: 'workBudget' });
    expect(judge(1, 200)).toBeUndefined();
    expect(judge(100, 200)).toMatchObject({ rule: 'workBudget' });
  });

  it.each([
    ['a number of 8 bytes', encodeControl({ type: 'credit', bytes: 5 }), 0, 8],
    ['a number of 4 bytes', encodeControl({ type: 'unsubscribe', subscription: 5 }), 0, 4],
    [
      'a struct',
      encodeControl({ type: 'failure', code: 8, message: '', reference: new Uint8Array(16) }),
      2,
      16,
    ],
  ] as const)('rejects fieldOutsideTable for %s that ends behind its table', (_, bytes, id, size) => {
    const map = new MessageMap(bytes.slice());
    const table = body(map);
    const at = map.entryOf(table, id);
    map.put16(at, map.u16(bodyVtable(map) + 2) - size + 1);
    expect(verdict(map.bytes)).toMatchObject({ rule: 'fieldOutsideTable', offset: at });
  });

  it('looks at every text of a list of texts', () => {
    const message = { type: 'registered', call: 1, contract: 'c', version: 1, isNew: true } as const;
    const good = encodeControl({ ...message, schemaId: new Uint8Array(16), unreadableBy: ['one', 'two'] });
    const texts = (m: MessageMap) => m.follow(m.slotOf(body(m), 5));
    const cases: [rule: RuleName, path: string, at: Place, edit: (map: MessageMap) => void][] = [
      ['vectorBounds', '', texts, (m) => m.put32(texts(m), 0x3fffffff)],
      ['offsetAlignment', '[0]', (m) => texts(m) + 4, (m) => m.put32(texts(m) + 4, 0)],
      [
        'utf8',
        '[1]',
        (m) => m.follow(texts(m) + 8) + 4,
        (m) => m.bytes.set([0xff], m.follow(texts(m) + 8) + 4),
      ],
    ];
    expect(verdict(good)).toMatchObject({ type: 'registered', unreadableBy: ['one', 'two'] });
    for (const [rule, element, at, edit] of cases) {
      const map = new MessageMap(good.slice());
      edit(map);
      const offset = at(new MessageMap(good));
      expect(verdict(map.bytes)).toMatchObject({ rule, offset, path: `body.unreadable_by${element}` });
    }
  });

  it('rejects requiredField for a list that must be there', () => {
    const schema = Uint8Array.of(1, 2, 3);
    const map = new MessageMap(
      encodeControl({ type: 'register', call: 1, contract: 'c', root: 'R', schema }),
    );
    expect(verdict(map.bytes)).toMatchObject({ type: 'register', schema });
    const entry = map.entryOf(body(map), 3);
    map.put16(entry, 0);
    expect(verdict(map.bytes)).toMatchObject({ rule: 'requiredField', offset: entry, path: 'body.schema' });
  });

  it('accepts a struct of bytes wherever it lies in its table', () => {
    const map = new MessageMap(
      encodeControl({
        type: 'failure',
        code: 8,
        message: '',
        reference: new Uint8Array(16),
        subscription: 5,
      }),
    );
    const entry = map.entryOf(body(map), 2);
    const at = map.u16(entry);
    const moved = at + 16 < map.u16(bodyVtable(map) + 2) ? at + 1 : at - 1;
    map.put16(entry, moved);
    expect(verdict(map.bytes)).toMatchObject({ type: 'failure', code: 8 });
  });

  it('accepts a list that ends where the message ends', () => {
    const map = new MessageMap(new Uint8Array(ACK.length + 24));
    map.bytes.set(ACK);
    map.put32(0, map.bytes.length - 4);
    const slot = map.slotOf(body(map), 0);
    map.lead(slot, map.bytes.length - 4, []);
    expect(verdict(map.bytes)).toMatchObject({ type: 'ack', entries: [] });
    // One entry of 32 bytes behind a length, up to the last byte.
    map.lead(slot, map.bytes.length - 36, [1, 0, 0, 0]);
    expect(verdict(map.bytes)).toMatchObject({ type: 'ack', entries: [{ epoch: expect.any(Number) }] });
  });

  it('accepts a vtable at the very end of the message', () => {
    const map = new MessageMap(new Uint8Array(SUBSCRIBE.length + 24));
    map.bytes.set(SUBSCRIBE);
    map.put32(0, map.bytes.length - 4);
    const bytes = map.u16(bodyVtable(map));
    const end = map.bytes.length - bytes;
    map.bytes.copyWithin(end, bodyVtable(map), bodyVtable(map) + bytes);
    map.putVtable(body(map), end);
    expect(verdict(map.bytes)).toMatchObject({ type: 'subscribe', filter: 'filter' });
  });

  it('rejects depth when unions nest deeper than control messages ever do', () => {
    const nested: { fields: TableShape['fields'] } = { fields: [] };
    nested.fields = [
      { kind: 'unionType', name: 'type' },
      { kind: 'union', name: 'inner', members: [nested] },
    ];
    // Nobody ends it, so that the depth must.
    const bytes = nestUnions(12);
    expect(verifyTable(new Memory(bytes), 0, bytes.length, 0, nested)).toMatchObject({
      rule: 'depth',
      path: new Array(8).fill('inner').join('.'),
    });
  });

  it('rejects depth when tables nest deeper than control messages ever do', () => {
    const nested: { fields: TableShape['fields'] } = { fields: [] };
    nested.fields = [{ kind: 'tables', name: 'inner', of: nested }];
    expect(verifyTable(new Memory(nest(8)), 0, nest(8).length, 0, nested)).toBeUndefined();
    expect(verifyTable(new Memory(nest(9)), 0, nest(9).length, 0, nested)).toMatchObject({
      rule: 'depth',
      path: new Array(8).fill('inner[0]').join('.'),
    });
  });

  it('has a hand-made violation for every rule', () => {
    const own: RuleName[] = ['tooShort', 'sizeAlignment', 'workBudget', 'depth'];
    // There is nothing in a control message that anyone overwrites.
    const shown = new Set<RuleName>([...CASES.map(([rule]) => rule), ...own, 'overlap']);
    expect(MESSAGE_RULES.filter((rule) => !shown.has(rule))).toEqual([]);
  });
});
