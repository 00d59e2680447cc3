import type { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { CONTROL_SHAPE } from '../../src/codec/control-shape.js';
import { Ack } from '../../src/codec/generated/modwire/control/ack.js';
import { AckEntry } from '../../src/codec/generated/modwire/control/ack-entry.js';
import { Body } from '../../src/codec/generated/modwire/control/body.js';
import { Capacity } from '../../src/codec/generated/modwire/control/capacity.js';
import { Consume } from '../../src/codec/generated/modwire/control/consume.js';
import { Consuming } from '../../src/codec/generated/modwire/control/consuming.js';
import { Control } from '../../src/codec/generated/modwire/control/control.js';
import { Credit } from '../../src/codec/generated/modwire/control/credit.js';
import { Explanation } from '../../src/codec/generated/modwire/control/explanation.js';
import { Failure } from '../../src/codec/generated/modwire/control/failure.js';
import { Finished } from '../../src/codec/generated/modwire/control/finished.js';
import { Gap } from '../../src/codec/generated/modwire/control/gap.js';
import { Goodbye } from '../../src/codec/generated/modwire/control/goodbye.js';
import { Grant } from '../../src/codec/generated/modwire/control/grant.js';
import { Handout } from '../../src/codec/generated/modwire/control/handout.js';
import { Hello } from '../../src/codec/generated/modwire/control/hello.js';
import { Lost } from '../../src/codec/generated/modwire/control/lost.js';
import { Manage } from '../../src/codec/generated/modwire/control/manage.js';
import { Managed } from '../../src/codec/generated/modwire/control/managed.js';
import { Missed } from '../../src/codec/generated/modwire/control/missed.js';
import { OffsetRange } from '../../src/codec/generated/modwire/control/offset-range.js';
import { Ping } from '../../src/codec/generated/modwire/control/ping.js';
import { Pong } from '../../src/codec/generated/modwire/control/pong.js';
import { Position } from '../../src/codec/generated/modwire/control/position.js';
import { Reference } from '../../src/codec/generated/modwire/control/reference.js';
import { Register } from '../../src/codec/generated/modwire/control/register.js';
import { Registered } from '../../src/codec/generated/modwire/control/registered.js';
import { Resolve } from '../../src/codec/generated/modwire/control/resolve.js';
import { Resolved } from '../../src/codec/generated/modwire/control/resolved.js';
import { Serve } from '../../src/codec/generated/modwire/control/serve.js';
import { Serving } from '../../src/codec/generated/modwire/control/serving.js';
import { Settle } from '../../src/codec/generated/modwire/control/settle.js';
import { Share } from '../../src/codec/generated/modwire/control/share.js';
import { Slow } from '../../src/codec/generated/modwire/control/slow.js';
import { Subscribe } from '../../src/codec/generated/modwire/control/subscribe.js';
import { Subscribed } from '../../src/codec/generated/modwire/control/subscribed.js';
import { Unconsume } from '../../src/codec/generated/modwire/control/unconsume.js';
import { Unconsumed } from '../../src/codec/generated/modwire/control/unconsumed.js';
import { Unreadable } from '../../src/codec/generated/modwire/control/unreadable.js';
import { Unserve } from '../../src/codec/generated/modwire/control/unserve.js';
import { Unserved } from '../../src/codec/generated/modwire/control/unserved.js';
import { Unsubscribe } from '../../src/codec/generated/modwire/control/unsubscribe.js';
import { Unsubscribed } from '../../src/codec/generated/modwire/control/unsubscribed.js';
import { Welcome } from '../../src/codec/generated/modwire/control/welcome.js';
import { Withheld } from '../../src/codec/generated/modwire/control/withheld.js';
import type { FieldShape, TableShape } from '../../src/codec/table-verifier.js';

const BODIES = {
  ...{ Hello, Welcome, Subscribe, Subscribed, Unsubscribe, Unsubscribed, Ack },
  ...{ Credit, Failure, Slow, Gap, Ping, Pong, Goodbye },
  ...{ Withheld, Register, Registered, Resolve, Resolved, Unreadable },
  ...{ Serve, Serving, Unserve, Unserved, Capacity, Grant, Share, Explanation },
  ...{ Consume, Consuming, Handout, Settle, Lost, Unconsume, Unconsumed, Finished, Manage, Managed },
};

/** What a generated class says of its table when its static functions are called with a builder that takes notes. */
interface Notes {
  fields: number;
  /** By field id: how the builder stores it, and the field's name. */
  stored: Map<number, { how: string; name: string }>;
  required: number[];
}

type Static = Record<string, (builder: Builder, ...values: unknown[]) => unknown>;

function notesOf(type: object, name: string): Notes {
  const notes: Notes = { fields: -1, stored: new Map(), required: [] };
  let adding = '';
  const store = (how: string) => (id: number) => notes.stored.set(id, { how, name: adding });
  const builder = {
    startObject: (fields: number) => {
      notes.fields = fields;
    },
    endObject: () => 0,
    requiredField: (_: number, entry: number) => notes.required.push((entry - 4) / 2),
    addFieldInt8: store('1'),
    addFieldInt16: store('2'),
    addFieldInt32: store('4'),
    addFieldInt64: store('8'),
    addFieldOffset: store('offset'),
    addFieldStruct: store('struct'),
  } as unknown as Builder;
  const functions = type as Static;
  functions[`start${name}`]!(builder);
  for (const key of Object.getOwnPropertyNames(type).filter((key) => /^add[A-Z]/.test(key))) {
    adding = key.slice(3);
    functions[key]!(builder, 0);
  }
  functions[`end${name}`]!(builder);
  return notes;
}

/** How a builder stores a field of this shape. */
function howOf(field: FieldShape): string {
  if (field.kind === 'scalar') return String(field.bytes);
  if (field.kind === 'unionType') return '1';
  return field.kind === 'struct' ? 'struct' : 'offset';
}

const pascal = (name: string) => name.replace(/(^|_)(\w)/g, (_, __, letter) => letter.toUpperCase());

function expectSame(shape: TableShape, type: object, name: string): void {
  const notes = notesOf(type, name);
  const expected = shape.fields.map((field, id) => [id, { how: howOf(field), name: pascal(field.name) }]);
  expect([...notes.stored].toSorted(([a], [b]) => a - b)).toEqual(expected);
  expect(shape.fields.length).toBe(notes.fields);
  const required = shape.fields.flatMap((field, id) =>
    field.kind === 'union' || ('required' in field && field.required) ? [id] : [],
  );
  expect(required).toEqual(notes.required);
}

const union = CONTROL_SHAPE.fields[1] as Extract<FieldShape, { kind: 'union' }>;
const member = (body: keyof typeof BODIES) => union.members[Body[body] - 1]!;
const field = (body: keyof typeof BODIES, name: string) =>
  member(body).fields.find((one) => one.name === name)!;

describe('the shape of control messages', () => {
  it('has the root table of the generated code', () => {
    expectSame(CONTROL_SHAPE, Control, 'Control');
    expect(CONTROL_SHAPE.fields.map((one) => one.kind)).toEqual(['unionType', 'union']);
  });

  it('has a member for every body that the generated code knows, and no more', () => {
    const known = Object.keys(Body).filter((name) => Number.isNaN(Number(name)) && name !== 'NONE');
    expect(Object.keys(BODIES).toSorted()).toEqual(known.toSorted());
    expect(union.members.length).toBe(known.length);
  });

  it.each(Object.entries(BODIES))('has the fields of the generated table %s', (name, type) => {
    expectSame(member(name as keyof typeof BODIES), type, name);
  });

  it('has the tables and structs inside of bodies', () => {
    for (const [body, name, type, typeName] of [
      ['Subscribe', 'positions', Position, 'Position'],
      ['Subscribed', 'positions', Position, 'Position'],
      ['Subscribed', 'missed', Missed, 'Missed'],
      ['Slow', 'missed', Missed, 'Missed'],
      ['Gap', 'missed', Missed, 'Missed'],
    ] as const) {
      const list = field(body, name);
      expect(list.kind).toBe('tables');
      expectSame((list as Extract<FieldShape, { kind: 'tables' }>).of, type, typeName);
    }
    expect(field('Ack', 'entries')).toMatchObject({
      kind: 'structs',
      bytes: AckEntry.sizeOf(),
      alignment: 8,
    });
    for (const body of ['Handout', 'Settle'] as const) {
      expect(field(body, 'offsets')).toMatchObject({
        kind: 'structs',
        bytes: OffsetRange.sizeOf(),
        alignment: 8,
      });
    }
    expect(field('Failure', 'reference')).toMatchObject({ bytes: Reference.sizeOf(), alignment: 1 });
  });
});
