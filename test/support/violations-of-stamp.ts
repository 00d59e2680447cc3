import type { FieldName } from '../../src/codec/frame-layout.js';
import type { FrameMap } from './frame-map.js';
import { broken, type Edit, type Place, STRING_SLOTS, type ViolationCase } from './violation-case.js';

const STAMP_BYTES = 24;
const stamp = (m: FrameMap) => m.slot('stamp');
const fromStamp =
  (bytes: number): Place =>
  (m) =>
    stamp(m) + bytes;

/** An edit that puts something next to the stamp without touching it: the frame stays good. */
export interface Neighbour {
  readonly path: string;
  readonly what: string;
  readonly edit: Edit;
}

const violations: ViolationCase[] = [];
const neighbours: Neighbour[] = [];

function touches(path: string, what: string, at: Place, edit: Edit): void {
  violations.push(broken('overlap', path, what, at, edit, 'offsetsFirst'));
}

/** Something that an offset leads to: what of it fits before the stamp, and what is too long there. */
function lies(path: string, slot: Place, before: number, fits: number[], tooLong: number[]): void {
  const put =
    (bytes: number, content: number[]): Edit =>
    (m) =>
      m.lead(slot(m), stamp(m) + bytes, content);
  const empty = [0, 0, 0, 0, 0];
  neighbours.push({ path, what: 'that ends where the stamp begins', edit: put(-before, fits) });
  neighbours.push({ path, what: 'that begins where the stamp ends', edit: put(STAMP_BYTES, empty) });
  touches(path, 'that reaches into the stamp', fromStamp(-before), put(-before, tooLong));
  touches(path, 'in the front of the stamp', fromStamp(0), put(0, empty));
  touches(path, 'in the tail of the stamp', fromStamp(STAMP_BYTES - 4), put(STAMP_BYTES - 4, empty));
}

// The zero behind a text counts: it is looked for in the stamp's first byte.
for (const [path, slot] of STRING_SLOTS.filter(([path]) => !path.startsWith('headers'))) {
  lies(path, slot, 8, [3, 0, 0, 0, 97, 98, 99, 0], [4, 0, 0, 0, 97, 98, 99, 100]);
}
lies('payload', (m) => m.slot('payload'), 8, [4, 0, 0, 0, 1, 2, 3, 4], [5, 0, 0, 0, 1, 2, 3, 4]);
lies('headers', (m) => m.slot('headers'), 4, [0, 0, 0, 0], [1, 0, 0, 0]);

/** A vtable that is copied to another place. */
function vtable(path: string, table: Place, bytes: number, reported: (to: number) => Place): void {
  const move =
    (to: number): Edit =>
    (m) => {
      const from = m.vtableOf(table(m));
      m.bytes.copyWithin(stamp(m) + to, from, from + bytes);
      m.putVtable(table(m), stamp(m) + to);
    };
  neighbours.push({ path, what: 'whose vtable ends where the stamp begins', edit: move(-bytes) });
  neighbours.push({ path, what: 'whose vtable begins where the stamp ends', edit: move(STAMP_BYTES) });
  for (const to of [2 - bytes, 0, STAMP_BYTES - 2]) {
    touches(path, `whose vtable lies at ${to} of the stamp`, reported(to), move(to));
  }
}

vtable('', (m) => m.table, 32, fromStamp);
const header: Place = (m) => m.header(0);
vtable('headers[0]', header, 8, () => header);

/** Puts a list with one header into the ids before the stamp, and its table of 12 bytes somewhere else. */
function listHeader(m: FrameMap, table: number): void {
  const shape = m.vtableOf(m.header(0));
  const list = Math.ceil(Math.min(m.slot('schemaId'), m.slot('correlationId')) / 4) * 4;
  m.lead(m.slot('headers'), list, [1, 0, 0, 0]);
  m.put32(list + 4, table - list - 4);
  m.putVtable(table, shape);
  for (const id of [0, 1]) m.put32(m.slotOf(table, id), m.target('subject') - m.slotOf(table, id));
}

const tableAt =
  (to: number): Edit =>
  (m) =>
    listHeader(m, stamp(m) + to);

neighbours.push({ path: 'headers[0]', what: 'whose table ends where the stamp begins', edit: tableAt(-12) });
neighbours.push({
  path: 'headers[0]',
  what: 'whose table begins where the stamp ends',
  edit: tableAt(STAMP_BYTES),
});
for (const to of [-8, 0, STAMP_BYTES - 4]) {
  touches('headers[0]', `whose table lies at ${to} of the stamp`, fromStamp(to), tableAt(to));
}

for (const [id, name] of ['name', 'value'].entries()) {
  touches(`headers[0].${name}`, 'in the stamp', fromStamp(0), (m) => {
    const table = stamp(m) - 12;
    listHeader(m, table);
    m.lead(m.slotOf(table, id), stamp(m), [1, 0, 0, 0, 97, 0]);
  });
}

const INLINE: readonly FieldName[] = [
  'origin',
  'subject',
  'payload',
  'trace',
  'schemaId',
  'baggage',
  'headers',
];
for (const field of INLINE) {
  const entry: Place = (m) => m.entry(field);
  touches(field, 'that lies in the stamp itself', entry, (m) => m.put16(entry(m), stamp(m) - m.table));
}

/** Each lets something share bytes with the stamp, which the broker will overwrite. */
export const STAMP_VIOLATIONS: readonly ViolationCase[] = violations;

/** Each is as close to the stamp as can be, in the frame `offsetsFirst`. */
export const STAMP_NEIGHBOURS: readonly Neighbour[] = neighbours;
