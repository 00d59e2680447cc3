import type { JsonKind, JsonScanner } from '../contracts/json/json-scanner.js';
import type { InferParameters, ParameterValue } from '../tensors/parameters.js';
import { TENSOR_LIMITS } from '../tensors/tensor-limits.js';
import { notUnderstood } from './not-understood.js';

const INTEGER = /^-?\d+$/;

/** Members and elements of one body, without the elements of tensors. */
const MOST_PARTS = 131_072;

/** Reads JSON member by member, with the place of each for errors. All that it builds is bounded. */
export class JsonMembers {
  readonly scanner: JsonScanner;
  #parts = 0;
  #textBytes = 0;

  constructor(scanner: JsonScanner) {
    this.scanner = scanner;
  }

  /** Throws unless the next value is of this kind. */
  expect(kind: JsonKind, where: string): void {
    const got = this.scanner.kind();
    if (got === kind) return;
    throw notUnderstood(
      'not understood',
      `${kind === 'array' || kind === 'object' ? 'an' : 'a'} ${kind}`,
      got,
      where,
    );
  }

  /** Visits the members of an object; `visit` reads the value, or returns false to have it passed over. */
  object(where: string, visit: (name: string) => unknown): void {
    this.expect('object', where);
    const seen = new Set<string>();
    for (let name = this.scanner.firstKey(); name !== undefined; name = this.scanner.nextKey()) {
      if (seen.has(name))
        throw notUnderstood('a member is there twice', 'each once', JSON.stringify(name), where);
      seen.add(name);
      this.#count(where);
      if (visit(name) === false) this.scanner.skip();
    }
  }

  /** Reads the elements of an array. */
  array<Element>(where: string, read: (where: string) => Element): Element[] {
    this.expect('array', where);
    const elements: Element[] = [];
    for (let more = this.scanner.firstElement(); more; more = this.scanner.nextElement()) {
      this.#count(where);
      elements.push(read(`${where}[${elements.length}]`));
    }
    return elements;
  }

  text(where: string): string {
    this.expect('string', where);
    const text = this.scanner.stringText();
    this.#textBytes += this.scanner.textEnd - this.scanner.textStart;
    if (this.#textBytes <= TENSOR_LIMITS.maxTextBytes) return text;
    throw notUnderstood('too many texts', `at most ${TENSOR_LIMITS.maxTextBytes} bytes`, 'more', where);
  }

  parameters(where: string): Record<string, ParameterValue> {
    // No name may mean anything else.
    const parameters: Record<string, ParameterValue> = Object.create(null);
    this.object(where, (name) => {
      parameters[name] = this.#parameter(`${where}.${name}`);
    });
    return parameters;
  }

  #count(where: string): void {
    if (++this.#parts <= MOST_PARTS) return;
    throw notUnderstood('too many members and elements', `at most ${MOST_PARTS}`, 'more', where);
  }

  #parameter(where: string): ParameterValue {
    const kind = this.scanner.kind();
    if (kind === 'string') return this.text(where);
    if (kind === 'boolean') return this.scanner.boolean();
    if (kind === 'number') return numberOf(this.scanner.number());
    throw notUnderstood('not the value of a parameter', 'a string, a number or a boolean', kind, where);
  }
}

/** A parameter that may be there, taken out: the rest is for the model. Throws when it is of another type. */
export function takeParameter<Type extends 'boolean' | 'number'>(
  parameters: Record<string, ParameterValue>,
  name: string,
  type: Type,
  where: string,
): (Type extends 'boolean' ? boolean : number) | undefined {
  const value = parameters[name];
  if (value === undefined) return undefined;
  if (typeof value !== type) {
    throw notUnderstood('not understood', `a ${type}`, String(value), `${where}.parameters.${name}`);
  }
  delete parameters[name];
  return value as (Type extends 'boolean' ? boolean : number) | undefined;
}

/** Undefined instead of none. */
export function orNone(parameters: InferParameters): InferParameters | undefined {
  return Object.keys(parameters).length === 0 ? undefined : parameters;
}

/** Whole numbers beyond 2^53 stay what they are. */
function numberOf(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || !INTEGER.test(text) ? value : BigInt(text);
}
