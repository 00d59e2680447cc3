import { brokenPayload as broken, Id, type PayloadMap, type PayloadPlace } from './request-payload.js';

const last = (map: PayloadMap) => map.bytes.length;
const root: PayloadPlace = (map) => map.table;
const vtable: PayloadPlace = (map) => map.vtable;
const slot =
  (id: number): PayloadPlace =>
  (map) =>
    map.slot(id);
const entry =
  (id: number): PayloadPlace =>
  (map) =>
    map.entry(id);
const value =
  (id: number): PayloadPlace =>
  (map) =>
    map.value(id);

const input: PayloadPlace = (m) => m.element(Id.inputs, 3);
const inputVtable: PayloadPlace = (m) => m.vtableOf(input(m));
const shape: PayloadPlace = (m) => m.follow(m.slotOf(input(m), 1));
const data: PayloadPlace = (m) => m.slotOf(m.element(Id.inputs, 1), 2);
const name = value(Id.name);
const nameEnd: PayloadPlace = (m) => name(m) + 4 + m.u32(name(m));
const label: PayloadPlace = (m) => m.element(Id.labels, 1);
const tableBytes: PayloadPlace = (m) => m.u16(m.vtable + 2);

export const TABLE_VIOLATIONS = [
  broken(
    'identifier',
    '',
    'of another schema',
    () => 4,
    (m) => m.bytes.set([0x58], 7),
  ),
  broken(
    'rootOffset',
    '',
    'that is 0',
    () => 0,
    (m) => m.put32(0, 0),
  ),
  broken(
    'rootOffset',
    '',
    'that is not aligned',
    () => 0,
    (m) => m.put32(0, root(m) - 2),
  ),
  broken(
    'rootOffset',
    '',
    'that leads to the last byte but two',
    () => 0,
    (m) => m.put32(0, last(m) & -4),
  ),
  broken(
    'rootOffset',
    '',
    'that would wrap around 32 bits',
    () => 0,
    (m) => m.put32(0, 0xffff_fffc),
  ),
  broken('vtableOffset', '', 'that leads before the payload', root, (m) => m.putVtable(root(m), -2)),
  broken('vtableOffset', '', 'that leads to the end', root, (m) => m.putVtable(root(m), last(m) - 2)),
  broken('vtableOffset', 'inputs[3]', 'that is odd', input, (m) => m.putVtable(input(m), inputVtable(m) + 1)),
  broken('vtableSize', '', 'of 2', vtable, (m) => m.put16(vtable(m), 2)),
  broken('vtableSize', 'inputs[3]', 'that is odd', inputVtable, (m) => m.put16(inputVtable(m), 7)),
  broken('vtableSize', '', 'that generated code takes as negative', vtable, (m) =>
    m.put16(vtable(m), 0x8000),
  ),
  broken(
    ...(['vtableSize', '', 'beyond the payload', vtable] as const),
    (m) => m.put16(vtable(m), 0x7ffe),
    (m) => vtable(m) + 0x7ffe - last(m),
  ),
  broken('tableBounds', '', 'of 3', root, (m) => m.put16(vtable(m) + 2, 3)),
  broken('tableBounds', '', 'that generated code takes as negative', root, (m) =>
    m.put16(vtable(m) + 2, 0x8000),
  ),
  broken(
    ...(['tableBounds', 'inputs[3]', 'beyond the payload', input] as const),
    (m) => m.put16(inputVtable(m) + 2, 0x7fff),
    (m) => input(m) + 0x7fff - last(m),
  ),
  broken('fieldOutsideTable', 'count', 'on its head', entry(Id.count), (m) => m.put16(m.entry(Id.count), 3)),
  broken('fieldOutsideTable', 'count', 'behind it', entry(Id.count), (m) =>
    m.put16(m.entry(Id.count), tableBytes(m)),
  ),
  broken('fieldOutsideTable', 'at', 'with the last byte of a struct', entry(Id.at), (m) =>
    m.put16(m.entry(Id.at), tableBytes(m) - 15),
  ),
  broken(
    ...(['fieldOutsideTable', 'inputs[3].frame', 'with the last bytes of an array'] as const),
    (m) => m.entryOf(input(m), 3),
    (m) => m.put16(inputVtable(m) + 2, m.u16(m.entryOf(input(m), 3)) + 39),
  ),
  broken(
    ...(['fieldAlignment', 'total', 'moved by 4'] as const),
    (m) => m.slot(Id.total) - 4,
    (m) => m.put16(m.entry(Id.total), m.u16(m.entry(Id.total)) - 4),
  ),
  broken(
    ...(['fieldAlignment', 'name', 'moved by 2'] as const),
    (m) => m.slot(Id.name) - 2,
    (m) => m.put16(m.entry(Id.name), m.u16(m.entry(Id.name)) - 2),
  ),
  broken(
    ...(['fieldAlignment', 'at', 'of a struct moved by 4'] as const),
    (m) => m.slot(Id.at) - 4,
    (m) => m.put16(m.entry(Id.at), m.u16(m.entry(Id.at)) - 4),
  ),
  broken('requiredField', 'name', 'that is absent', entry(Id.name), (m) => m.put16(m.entry(Id.name), 0)),
  broken('requiredField', 'name', 'whose entry the vtable lacks', vtable, (m) => m.put16(vtable(m), 8)),
  broken(
    ...(['requiredField', 'inputs[3].shape', 'that is absent'] as const),
    (m) => m.entryOf(input(m), 1),
    (m) => m.put16(m.entryOf(input(m), 1), 0),
  ),
];

export const VALUE_VIOLATIONS = [
  broken('offsetZero', 'name', 'of a string', slot(Id.name), (m) => m.put32(m.slot(Id.name), 0)),
  broken('offsetZero', 'points', 'of a vector', slot(Id.points), (m) => m.put32(m.slot(Id.points), 0)),
  broken(
    ...(['offsetZero', 'inputs[3]', 'of a table'] as const),
    (m) => m.elementSlot(Id.inputs, 3),
    (m) => m.put32(m.elementSlot(Id.inputs, 3), 0),
  ),
  broken(
    ...(['offsetZero', 'labels[1]', 'of an element'] as const),
    (m) => m.elementSlot(Id.labels, 1),
    (m) => m.put32(m.elementSlot(Id.labels, 1), 0),
  ),
  broken('offsetAlignment', 'name', 'moved by 1', slot(Id.name), (m) =>
    m.put32(m.slot(Id.name), m.u32(m.slot(Id.name)) + 1),
  ),
  broken(
    ...(['offsetAlignment', 'labels[1]', 'moved by 2'] as const),
    (m) => m.elementSlot(Id.labels, 1),
    (m) => m.put32(m.elementSlot(Id.labels, 1), label(m) - m.elementSlot(Id.labels, 1) + 2),
  ),
  broken(
    ...(['offsetBounds', 'labels', 'to the end', slot(Id.labels)] as const),
    (m) => m.put32(m.slot(Id.labels), last(m) - m.slot(Id.labels)),
    () => 4,
  ),
  broken(
    ...(['offsetBounds', 'name', 'as large as can be', slot(Id.name)] as const),
    (m) => m.put32(m.slot(Id.name), 0xffff_ffff),
    (m) => m.slot(Id.name) + 0xffff_ffff + 4 - last(m),
  ),
  broken(
    ...(['vectorBounds', 'points', 'as long as can be', value(Id.points)] as const),
    (m) => m.put32(m.value(Id.points), 0xffff_ffff),
    (m) => m.value(Id.points) + 4 + 0xffff_ffff * 16 - last(m),
  ),
  broken(
    ...(['vectorBounds', 'points', 'whose end would wrap around 32 bits', value(Id.points)] as const),
    (m) => m.put32(m.value(Id.points), 0x1000_0000),
    (m) => m.value(Id.points) + 4 + 2 ** 32 - last(m),
  ),
  broken(
    ...(['vectorBounds', 'inputs[3].shape', 'an element too long', shape] as const),
    (m) => m.put32(shape(m), Math.floor((last(m) - shape(m)) / 4)),
    (m) => 4 - ((last(m) - shape(m)) % 4),
  ),
  broken(
    ...(['vectorBounds', 'labels', 'of strings', value(Id.labels)] as const),
    (m) => m.put32(m.value(Id.labels), 0x4000_0000),
    (m) => m.value(Id.labels) + 4 + 2 ** 32 - last(m),
  ),
  broken(
    ...(['fieldAlignment', 'points', 'of the elements of a vector of structs'] as const),
    (m) => m.value(Id.points) + 8,
    (m) => m.lead(m.slot(Id.points), m.value(Id.points) + 4, [1, 0, 0, 0]),
  ),
  broken(
    ...(['fieldAlignment', 'inputs[1].data', 'of the elements of a vector of doubles'] as const),
    (m) => m.follow(data(m)) + 8,
    (m) => m.lead(data(m), m.follow(data(m)) + 4, [1, 0, 0, 0]),
  ),
  broken(
    ...(['stringBounds', 'name', 'without room for its zero', name] as const),
    (m) => m.put32(name(m), last(m) - name(m) - 4),
    () => 1,
  ),
  broken(
    ...(['stringBounds', 'labels[1]', 'as long as can be', label] as const),
    (m) => m.put32(label(m), 0xffff_ffff),
    (m) => label(m) + 5 + 0xffff_ffff - last(m),
  ),
  broken('stringTerminator', 'name', 'that is not 0', nameEnd, (m) => m.bytes.set([1], nameEnd(m))),
  broken(
    ...(['utf8', 'name', 'with a wrong byte'] as const),
    (m) => name(m) + 4,
    (m) => m.bytes.set([0xff], name(m) + 5),
  ),
  broken(
    ...(['utf8', 'labels[1]', 'that ends within a character'] as const),
    (m) => label(m) + 4,
    (m) => m.bytes.set([0xe2], label(m) + 4 + m.u32(label(m)) - 1),
  ),
];

const bodySlot = slot(Id.body);
const bodies = value(Id.bodies);
const tagOf = (map: PayloadMap, tag: number) => map.bytes.set([tag], map.slot(Id.bodyType));
const inner = value(Id.inner);
/** The buffer inside, and its table. */
const innerStart: PayloadPlace = (m) => inner(m) + 4;
const innerTable: PayloadPlace = (m) => m.follow(innerStart(m));
const innerText: PayloadPlace = (m) => m.slotOf(innerTable(m), 0);
const struct: PayloadPlace = (m) => m.elementSlot(Id.bodies, 1);
const word: PayloadPlace = (m) => m.element(Id.bodies, 2);

export const UNION_VIOLATIONS = [
  broken('unionBody', 'body', 'of a struct that is absent', entry(Id.body), (m) => {
    tagOf(m, 2);
    m.put16(m.entry(Id.body), 0);
  }),
  broken('offsetZero', 'body', 'of an unknown member', bodySlot, (m) => {
    tagOf(m, 200);
    m.put32(bodySlot(m), 0);
  }),
  broken(
    ...(['offsetBounds', 'body', 'of no member', bodySlot] as const),
    (m) => {
      tagOf(m, 0);
      m.put32(bodySlot(m), last(m) - bodySlot(m));
    },
    () => 1,
  ),
  broken('offsetAlignment', 'body', 'to a table', bodySlot, (m) =>
    m.put32(bodySlot(m), m.u32(bodySlot(m)) + 2),
  ),
  broken('offsetAlignment', 'body', 'to a struct', bodySlot, (m) => {
    tagOf(m, 2);
    m.put32(bodySlot(m), m.u32(bodySlot(m)) + 1);
  }),
  broken(
    ...(['offsetBounds', 'bodies[1]', 'to a struct', struct] as const),
    (m) => m.put32(struct(m), (last(m) & -2) - 2 - struct(m)),
    (m) => (last(m) & -2) + 2 - last(m),
  ),
  broken(
    ...(['requiredField', 'body.text', 'in a member'] as const),
    (m) => m.entryOf(m.value(Id.body), 0),
    (m) => m.put16(m.entryOf(m.value(Id.body), 0), 0),
  ),
  broken(
    ...(['stringTerminator', 'bodies[0].text', 'in an element'] as const),
    (m) => m.follow(m.slotOf(m.element(Id.bodies, 0), 0)) + 8,
    (m) => m.bytes.set([1], m.follow(m.slotOf(m.element(Id.bodies, 0), 0)) + 8),
  ),
  broken(
    ...(['utf8', 'bodies[2]', 'that is a member'] as const),
    (m) => word(m) + 4,
    (m) => m.bytes.set([0x80], word(m) + 4),
  ),
  broken('unionVectors', 'bodies', 'without tags', entry(Id.bodies), (m) =>
    m.put16(m.entry(Id.bodiesType), 0),
  ),
  broken('unionVectors', 'bodies', 'without values', entry(Id.bodies), (m) => m.put16(m.entry(Id.bodies), 0)),
  broken('unionVectors', 'bodies', 'whose values the vtable lacks', vtable, (m) =>
    m.put16(vtable(m), 4 + 2 * Id.bodies),
  ),
  broken('unionVectors', 'bodies', 'of other lengths', bodies, (m) => m.put32(m.value(Id.bodiesType), 2)),
  broken('tooShort', 'inner', 'inside', innerStart, (m) => m.put32(inner(m), 11)),
  broken('rootOffset', 'inner', 'inside', innerStart, (m) => m.put32(innerStart(m), m.u32(inner(m)) & -4)),
  broken('vtableOffset', 'inner', 'that leads out of it', innerTable, (m) =>
    m.putVtable(innerTable(m), innerStart(m) - 2),
  ),
  broken(
    ...(['offsetBounds', 'inner.text', 'out of it into the payload around', innerText] as const),
    (m) => m.put32(innerText(m), innerStart(m) + m.u32(inner(m)) - innerText(m)),
    () => 4,
  ),
];
