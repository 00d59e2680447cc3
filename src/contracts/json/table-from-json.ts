import { type ElementType, type Field, SCALAR_BYTES } from '../schema-model.js';
import { expectKind, fieldOf, givenTwice, type JsonReading, missingField } from './json-reading.js';
import { checkNested } from './nested-bytes.js';
import { PayloadBuilder, type Slot } from './payload-builder.js';
import { StructFromJson } from './struct-from-json.js';
import { type FieldPlan, isUnion, type ObjectPlan } from './transcode-plan.js';
import { VectorFromJson } from './vector-from-json.js';

/** Tables within tables, as the verifier allows them. */
const MAX_DEPTH = 64;

/** What the object of a table has said so far. */
interface TableReading {
  readonly plan: ObjectPlan;
  readonly depth: number;
  /** Ids of fields that were there, be it as null. */
  readonly seen: Set<number>;
  readonly slots: Slot[];
  /** Tags of unions, by the id of the field that holds them. */
  readonly tags: Map<number, Uint8Array>;
  /** Ids of fields with a value. */
  readonly given: Set<number>;
}

/** Reads tables from JSON and writes them. */
export class TableFromJson {
  readonly #reading: JsonReading;
  readonly #structs: StructFromJson;
  readonly #vectors: VectorFromJson;

  constructor(reading: JsonReading) {
    this.#reading = reading;
    this.#structs = new StructFromJson(reading);
    this.#vectors = new VectorFromJson(reading, this.#structs);
  }

  /** Reads the table that comes next and returns its position. `depth`: 1 for the root. */
  table(index: number, depth: number): number {
    const { plan, scanner, place, stack } = this.#reading;
    const object = plan.object(index);
    if (depth > MAX_DEPTH) throw place.fault('tables nest too deep', { expected: `at most ${MAX_DEPTH}` });
    expectKind(this.#reading, 'object', `an object with the fields of ${object.object.name}`);
    const start = stack.length;
    const table: TableReading = {
      ...{ plan: object, depth, seen: new Set(), slots: [], tags: new Map(), given: new Set() },
    };
    const early: { readonly field: Field; readonly position: number }[] = [];
    for (let name = scanner.firstKey(); name !== undefined; name = scanner.nextKey()) {
      const field = fieldOf(object, name, place);
      place.enter(name);
      if (table.seen.has(field.field.id)) throw givenTwice(place);
      table.seen.add(field.field.id);
      if (isUnion(field.field) && !table.seen.has(field.field.id - 1)) {
        early.push({ field: field.field, position: scanner.position });
        scanner.skip();
      } else this.#field(field, table);
      place.leave();
    }
    const end = scanner.position;
    for (const { field, position } of early) {
      scanner.seek(position);
      place.enter(field.name);
      this.#field(object.fields[field.id]!, table);
      place.leave();
    }
    scanner.seek(end);
    this.#complete(table);
    const position = this.#reading.builder.table(table.slots, stack);
    stack.drop(start);
    return position;
  }

  #field(plan: FieldPlan, table: TableReading): void {
    const { scanner, place } = this.#reading;
    const { field } = plan;
    if (field.deprecated) throw place.fault('a deprecated field', { advice: 'leave it out' });
    if (field.wideOffset || (field.type.kind === 'vector' && field.type.wide)) {
      throw place.unimplemented('a field with a 64-bit offset or length', 'send the payload in binary');
    }
    if (scanner.kind() === 'null' && (field.type.kind !== 'scalar' || field.optional)) {
      scanner.null();
      return;
    }
    table.given.add(field.id);
    switch (field.type.kind) {
      case 'scalar':
      case 'unionType':
        this.#scalar(plan, table);
        return;
      case 'struct': {
        const { byteSize, minAlign } = this.#reading.plan.object(field.type.object).object;
        const at = this.#structs.push(field.type.object);
        table.slots.push({ id: field.id, at, size: byteSize, alignment: minAlign, isOffset: false });
        return;
      }
      case 'vector':
        this.#offset(field, table, this.#vector(field, field.type.element, table));
        return;
      case 'array':
        throw place.unimplemented('a fixed array outside of a struct', 'put it into a struct');
      case 'union':
        this.#offset(field, table, this.#member(field, table, 0, 'a union'));
        return;
      default:
        this.#offset(field, table, this.#target(field.type, table.depth));
        return;
    }
  }

  #scalar(of: FieldPlan, table: TableReading): void {
    const { scalars, plan, stack } = this.#reading;
    const { type, id } = of.field;
    if (type.kind !== 'scalar' && type.kind !== 'unionType') return;
    const scalar = type.kind === 'scalar' ? type.scalar : 'ubyte';
    const value = scalars.read(scalar, type.enum === undefined ? undefined : plan.enum(type.enum));
    if (type.kind === 'unionType') table.tags.set(id, Uint8Array.of(Number(value)));
    if (!of.writesDefault && Object.is(value, of.default)) return;
    const size = SCALAR_BYTES[scalar];
    const at = stack.push(size);
    stack.setScalar(at, scalar, value);
    table.slots.push({ id, at, size, alignment: size, isOffset: false });
  }

  #offset(field: Field, table: TableReading, position: number): void {
    const at = this.#reading.stack.pushUint32(position);
    table.slots.push({ id: field.id, at, size: 4, alignment: 4, isOffset: true });
  }

  #vector(field: Field, element: ElementType, table: TableReading): number {
    const { stack, builder, scanner } = this.#reading;
    if (field.nested !== undefined && scanner.kind() === 'object') return this.#nested(field, table.depth);
    switch (element.kind) {
      case 'string':
      case 'table':
        return this.#vectors.targets(element, () => this.#target(element, table.depth));
      case 'union':
        return this.#unions(field, element, table);
      default: {
        const { start, count, alignment } = this.#vectors.inline(element);
        const end = stack.length;
        if (element.kind === 'unionType') table.tags.set(field.id, stack.bytes.slice(start, end));
        if (field.nested !== undefined) checkNested(this.#reading, field.nested, start, end);
        const aligned = Math.max(alignment, field.forceAlign, field.nested === undefined ? 1 : 8);
        const position = builder.vector(stack.bytes, start, end, count, aligned);
        stack.drop(start);
        return position;
      }
    }
  }

  #unions(field: Field, element: ElementType, table: TableReading): number {
    const { place } = this.#reading;
    let count = 0;
    const position = this.#vectors.targets(element, (index) => {
      count++;
      return this.#member(field, table, index, 'an element of a vector of unions');
    });
    const tags = table.tags.get(field.id - 1);
    if (count === tags?.length) return position;
    const tagName = table.plan.object.fields[field.id - 1]!.name;
    throw place.fault('a vector of unions has not as many elements as types', {
      expected: tags === undefined ? `as many types in ${tagName} beside it` : String(tags.length),
      got: String(count),
    });
  }

  /** Reads a member of a union, as its tag says, and returns its position. */
  #member(field: Field, table: TableReading, index: number, what: string): number {
    const { plan, place } = this.#reading;
    const tagName = table.plan.object.fields[field.id - 1]!.name;
    const tag = table.tags.get(field.id - 1)?.[index];
    const element = field.type.kind === 'vector' ? field.type.element : field.type;
    if (tag === undefined) {
      throw place.fault(`${what} has no type`, { expected: `one in ${tagName} beside it` });
    }
    const member = element.kind === 'union' ? plan.enum(element.enum).members.get(tag) : undefined;
    if (member !== undefined) return this.#target(member, table.depth);
    throw place.fault(`${what} is of a type without values`, { got: `${tag} in ${tagName}` });
  }

  /** Reads what an offset leads to and returns its position. */
  #target(type: ElementType, depth: number): number {
    const { scanner, stack, builder, plan } = this.#reading;
    if (type.kind === 'table') return this.table(type.object, depth + 1);
    if (type.kind === 'struct') {
      const at = this.#structs.push(type.object);
      const position = builder.struct(
        stack.bytes,
        at,
        stack.length,
        plan.object(type.object).object.minAlign,
      );
      stack.drop(at);
      return position;
    }
    expectKind(this.#reading, 'string', 'a string');
    scanner.string();
    return builder.string(scanner.text, scanner.textStart, scanner.textEnd);
  }

  /** Reads a payload within the payload and returns the position of the vector of its bytes. */
  #nested(field: Field, depth: number): number {
    const reading = this.#reading;
    const outer = reading.builder;
    const inner = new PayloadBuilder(reading.bound, reading.place);
    reading.builder = inner;
    const bytes = inner.finish(this.table(field.nested!, depth + 1), '');
    reading.builder = outer;
    return outer.vector(bytes, 0, bytes.length, bytes.length, Math.max(inner.alignment, field.forceAlign));
  }

  /** Refuses a table that lacks a required field, or one half of a union. */
  #complete({ plan, given, tags }: TableReading): void {
    const { place } = this.#reading;
    for (const field of plan.required) {
      if (!given.has(field.id)) throw missingField(place, field.name, 'a required field is missing');
    }
    for (const [id, tag] of tags) {
      const { type, name } = plan.fields[id + 1]!.field;
      if (given.has(id + 1) || (type.kind === 'union' && tag[0] === 0)) continue;
      throw missingField(place, name, 'a union has a type and no value');
    }
  }
}
