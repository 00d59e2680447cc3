import type { ElementType, FieldType } from '../schema-model.js';
import { SCALAR_BYTES } from '../schema-model.js';
import { expectKind, fieldOf, givenTwice, type JsonReading, missingField } from './json-reading.js';

/** Reads structs from JSON: objects with all their fields, as a struct has no room to say that one is absent. */
export class StructFromJson {
  readonly #reading: JsonReading;

  constructor(reading: JsonReading) {
    this.#reading = reading;
  }

  /** Reads the struct that comes next onto the stack. */
  push(object: number): number {
    const { stack, plan } = this.#reading;
    const at = stack.push(plan.object(object).object.byteSize);
    this.#fill(object, at);
    return at;
  }

  #fill(index: number, at: number): void {
    const { plan, scanner, place } = this.#reading;
    const struct = plan.object(index);
    expectKind(this.#reading, 'object', `an object with the fields of ${struct.object.name}`);
    const given = new Set<number>();
    for (let name = scanner.firstKey(); name !== undefined; name = scanner.nextKey()) {
      const { field } = fieldOf(struct, name, place);
      place.enter(name);
      if (given.has(field.id)) throw givenTwice(place);
      given.add(field.id);
      this.#value(field.type, at + field.offset);
      place.leave();
    }
    const missing = struct.fields.find(({ field }) => !given.has(field.id));
    if (missing !== undefined)
      throw missingField(place, missing.field.name, 'a field of a struct is missing');
  }

  #value(type: FieldType, at: number): void {
    if (type.kind === 'array') this.#array(type.element, type.length, at);
    else if (type.kind === 'struct') this.#fill(type.object, at);
    else if (type.kind === 'scalar') {
      const { stack, scalars, plan } = this.#reading;
      const of = type.enum === undefined ? undefined : plan.enum(type.enum);
      stack.setScalar(at, type.scalar, scalars.read(type.scalar, of));
    }
  }

  #array(element: ElementType, length: number, at: number): void {
    const { scanner, place, plan } = this.#reading;
    expectKind(this.#reading, 'array', `an array of ${length}`);
    const size =
      element.kind === 'struct'
        ? plan.object(element.object).object.byteSize
        : element.kind === 'scalar'
          ? SCALAR_BYTES[element.scalar]
          : 0;
    let count = 0;
    for (let more = scanner.firstElement(); more; more = scanner.nextElement()) {
      if (count === length) throw place.fault('an array is too long', { expected: `${length} elements` });
      place.enter(count);
      this.#value(element, at + size * count++);
      place.leave();
    }
    if (count === length) return;
    throw place.fault('an array is too short', { expected: `${length} elements`, got: String(count) });
  }
}
