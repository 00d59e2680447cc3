import type { FieldName } from '../../src/codec/frame-layout.js';
import type { FrameMap } from './frame-map.js';
import { broken, type Place, type ViolationCase } from './violation-case.js';

const prefix: Place = () => 0;
const table: Place = (map) => map.table;
const vtable: Place = (map) => map.vtable;
const entry =
  (field: FieldName): Place =>
  (map) =>
    map.entry(field);

const last = (map: FrameMap) => map.bytes.length;

export const PREAMBLE_VIOLATIONS: readonly ViolationCase[] = [
  broken('sizePrefix', '', 'that is larger than the bytes on hand', prefix, (m) => m.put32(0, last(m) + 4)),
  broken('sizePrefix', '', 'that is as large as can be', prefix, (m) => m.put32(0, 0xffffffff)),
  broken('sizeAlignment', '', 'when it is 4 less', prefix, (m) => m.put32(0, last(m) - 8)),
  broken('sizeAlignment', '', 'when it is 1 less', prefix, (m) => m.put32(0, last(m) - 5)),
  broken('tooShort', '', 'when the prefix says 8 bytes in all', prefix, (m) => m.put32(0, 4)),
  broken(
    'identifier',
    '',
    'of a later version',
    () => 8,
    (m) => m.bytes.set([0x32], 11),
  ),
  broken(
    'identifier',
    '',
    'of a control message',
    () => 8,
    (m) => m.bytes.set([0x43], 10),
  ),
  broken(
    'rootOffset',
    '',
    'that is 0',
    () => 4,
    (m) => m.put32(4, 0),
  ),
  broken(
    'rootOffset',
    '',
    'that is not aligned',
    () => 4,
    (m) => m.put32(4, m.table - 2),
  ),
  broken(
    'rootOffset',
    '',
    'that leads to the end',
    () => 4,
    (m) => m.put32(4, last(m) - 4),
  ),
  broken(
    'rootOffset',
    '',
    'that would wrap around 32 bits',
    () => 4,
    (m) => m.put32(4, 0xfffffffc),
  ),
];

export const VTABLE_VIOLATIONS: readonly ViolationCase[] = [
  broken('vtableOffset', '', 'that leads before the frame', table, (m) => m.putVtable(m.table, -2)),
  broken('vtableOffset', '', 'that leads behind the frame', table, (m) => m.putVtable(m.table, last(m) - 2)),
  broken('vtableOffset', '', 'that is odd', table, (m) => m.putVtable(m.table, m.vtable + 1)),
  broken('vtableSize', '', 'of 2', vtable, (m) => m.put16(m.vtable, 2)),
  broken('vtableSize', '', 'that is odd', vtable, (m) => m.put16(m.vtable, 31)),
  broken('vtableSize', '', 'that reaches beyond the frame', vtable, (m) => m.put16(m.vtable, 0xfffe)),
  broken('tableBounds', '', 'of 3', table, (m) => m.put16(m.vtable + 2, 3)),
  broken('tableBounds', '', 'that reach beyond the frame', table, (m) => m.put16(m.vtable + 2, 0xffff)),
];

const REQUIRED: readonly FieldName[] = ['origin', 'stamp', 'subject'];
const SIZES: readonly [FieldName, bytes: number][] = [
  ['origin', 40],
  ['stamp', 24],
  ['subject', 4],
  ['payload', 4],
  ['trace', 25],
  ['correlationId', 16],
  ['causationId', 16],
  ['schemaId', 16],
  ['tracestate', 4],
  ['baggage', 4],
  ['experiment', 4],
  ['variant', 4],
  ['assignmentKey', 4],
  ['headers', 4],
];
const OFFSETS = ['subject', 'payload', 'tracestate', 'baggage', 'experiment', 'variant', 'headers'] as const;

const move = (m: FrameMap, field: FieldName, by: number) =>
  m.put16(m.entry(field), m.u16(m.entry(field)) + by);
const tableBytes = (m: FrameMap) => m.u16(m.vtable + 2);

export const FIELD_VIOLATIONS: readonly ViolationCase[] = [
  ...REQUIRED.map((field) =>
    broken('requiredField', field, 'that is absent', entry(field), (m) => m.put16(m.entry(field), 0)),
  ),
  ...SIZES.flatMap(([field, bytes]) => {
    const rule = 'fieldOutsideTable';
    return [
      broken(rule, field, 'on the offset to the vtable', entry(field), (m) => m.put16(m.entry(field), 3)),
      broken(rule, field, 'that ends a byte behind its table', entry(field), (m) =>
        m.put16(m.entry(field), tableBytes(m) - bytes + 1),
      ),
      broken(rule, field, 'far behind its table', entry(field), (m) => m.put16(m.entry(field), 0xffff)),
    ];
  }),
  ...OFFSETS.flatMap((field) =>
    [1, 2, 3].map((by) =>
      broken('fieldAlignment', field, `that is moved by ${by}`, entry(field), (m) => move(m, field, by)),
    ),
  ),
  ...(['origin', 'stamp'] as const).map((field) =>
    broken('fieldAlignment', field, 'that is moved by 4', entry(field), (m) => move(m, field, 4)),
  ),
];

const header: Place = (m) => m.header(0);
const headerVtable: Place = (m) => m.vtableOf(m.header(0));
const name: Place = (m) => headerVtable(m) + 4;
const value: Place = (m) => headerVtable(m) + 6;
const HEADER = 'headers[0]';

export const HEADER_VIOLATIONS: readonly ViolationCase[] = [
  broken('vtableOffset', HEADER, 'that leads before the frame', header, (m) => m.putVtable(header(m), -2)),
  broken('vtableOffset', HEADER, 'that leads behind the frame', header, (m) =>
    m.putVtable(header(m), last(m) - 2),
  ),
  broken('vtableOffset', HEADER, 'that is odd', header, (m) => m.putVtable(header(m), headerVtable(m) + 1)),
  broken('vtableSize', HEADER, 'of 2', headerVtable, (m) => m.put16(headerVtable(m), 2)),
  broken('vtableSize', HEADER, 'that is odd', headerVtable, (m) => m.put16(headerVtable(m), 9)),
  broken('vtableSize', HEADER, 'that reaches beyond the frame', headerVtable, (m) =>
    m.put16(headerVtable(m), 0xfffe),
  ),
  broken('tableBounds', HEADER, 'of 3', header, (m) => m.put16(headerVtable(m) + 2, 3)),
  broken('tableBounds', HEADER, 'that reach beyond the frame', header, (m) =>
    m.put16(headerVtable(m) + 2, 0xffff),
  ),
  broken('requiredField', HEADER, 'with a vtable of one field', headerVtable, (m) =>
    m.put16(headerVtable(m), 6),
  ),
  broken('requiredField', `${HEADER}.name`, 'that is absent', name, (m) => m.put16(name(m), 0)),
  broken('requiredField', `${HEADER}.value`, 'that is absent', value, (m) => m.put16(value(m), 0)),
  broken('fieldOutsideTable', `${HEADER}.name`, 'on the offset to the vtable', name, (m) =>
    m.put16(name(m), 3),
  ),
  broken('fieldOutsideTable', `${HEADER}.value`, 'that ends a byte behind its table', value, (m) =>
    m.put16(value(m), 9),
  ),
  broken('fieldAlignment', `${HEADER}.name`, 'that is moved by 2', name, (m) => m.put16(name(m), 6)),
];
