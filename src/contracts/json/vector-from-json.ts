import { type ElementType, SCALAR_BYTES } from '../schema-model.js';
import { decodeBase64 } from './base64.js';
import type { JsonReading } from './json-reading.js';
import { expectKind } from './json-reading.js';
import { type KeyOrder, keyOrderOf } from './key-order.js';
import type { StructFromJson } from './struct-from-json.js';

/** Elements that lie side by side on the stack, from `start` to its top. */
export interface Elements {
  readonly start: number;
  readonly count: number;
  readonly alignment: number;
}

/** Reads what an offset leads to, and returns its position: the element number `index` of a vector. */
export type TargetReader = (index: number) => number;

/** Reads vectors from JSON. */
export class VectorFromJson {
  readonly #reading: JsonReading;
  readonly #structs: StructFromJson;

  constructor(reading: JsonReading, structs: StructFromJson) {
    this.#reading = reading;
    this.#structs = structs;
  }

  /** Reads a vector of scalars, tags or structs onto the stack. */
  inline(element: ElementType): Elements {
    if (element.kind === 'struct') return this.#structsOf(element.object);
    const { stack, scalars, scanner, plan } = this.#reading;
    const start = stack.length;
    const scalar = element.kind === 'scalar' ? element.scalar : 'ubyte';
    const index = element.kind === 'scalar' || element.kind === 'unionType' ? element.enum : undefined;
    const of = index === undefined ? undefined : plan.enum(index);
    const size = SCALAR_BYTES[scalar];
    if (scalar === 'ubyte' && of === undefined && scanner.kind() === 'string') {
      return { start, count: this.#base64(), alignment: 1 };
    }
    const count = this.#each(() => stack.setScalar(stack.push(size), scalar, scalars.read(scalar, of)));
    return { start, count, alignment: size };
  }

  /** Reads a vector of what offsets lead to, writes it and returns its position; tables with a key in its order. */
  targets(element: ElementType, read: TargetReader): number {
    const { stack, builder, plan } = this.#reading;
    const start = stack.length;
    const count = this.#each((index) => stack.pushUint32(read(index)));
    const positions = new Uint32Array(count);
    for (let index = 0; index < count; index++) positions[index] = stack.uint32(start + 4 * index);
    stack.drop(start);
    const key = element.kind === 'table' ? plan.object(element.object).keyField : undefined;
    if (key !== undefined) {
      const data = builder.written;
      const order = keyOrderOf(key, false);
      sortBy(positions, data, order, (position) => data.byteLength - position);
    }
    return builder.offsets(positions);
  }

  #structsOf(object: number): Elements {
    const { stack, plan } = this.#reading;
    const start = stack.length;
    const count = this.#each(() => this.#structs.push(object));
    const { object: struct, keyField } = plan.object(object);
    if (keyField !== undefined) this.#sortStructs(start, count, struct.byteSize, keyOrderOf(keyField, true));
    return { start, count, alignment: struct.minAlign };
  }

  #sortStructs(start: number, count: number, size: number, order: KeyOrder): void {
    const { stack } = this.#reading;
    const before = stack.bytes.slice(start, start + count * size);
    const places = Uint32Array.from({ length: count }, (_, index) => index * size);
    sortBy(places, new DataView(before.buffer), order, (place) => place);
    for (let index = 0; index < count; index++) {
      const place = places[index]!;
      stack.bytes.set(before.subarray(place, place + size), start + index * size);
    }
  }

  /** Reads the bytes of a base64 string onto the stack and returns how many they are. */
  #base64(): number {
    const { stack, scanner, place } = this.#reading;
    scanner.string();
    const bytes = decodeBase64(scanner.text, scanner.textStart, scanner.textEnd);
    if (bytes === undefined) {
      throw place.fault('a text that is not base64', {
        expected: 'an array of bytes, or base64 with its padding (RFC 4648)',
      });
    }
    const at = stack.push(bytes.length);
    stack.bytes.set(bytes, at);
    return bytes.length;
  }

  #each(read: (index: number) => void): number {
    const { scanner, place } = this.#reading;
    expectKind(this.#reading, 'array', 'an array');
    let count = 0;
    for (let more = scanner.firstElement(); more; more = scanner.nextElement()) {
      place.enter(count);
      read(count++);
      place.leave();
    }
    return count;
  }
}

/** Sorts `values` by the keys of the objects that start at `placeOf` them; equal ones stay in their order. */
function sortBy(
  values: Uint32Array,
  data: DataView,
  order: KeyOrder,
  placeOf: (value: number) => number,
): void {
  const compare = (a: number, b: number) => order(data, placeOf(a), placeOf(b));
  for (let index = 1; index < values.length; index++) {
    if (compare(values[index - 1]!, values[index]!) > 0) {
      values.sort(compare);
      return;
    }
  }
}
