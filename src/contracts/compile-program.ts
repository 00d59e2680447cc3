import { ModwireError } from '../errors.js';
import { FieldOps, type Op } from './field-ops.js';
import type { Program } from './program.js';
import {
  FIELD_ALIGNMENT_SHIFT,
  FIELD_REQUIRED,
  Header,
  OP_ENTRY_SHIFT,
  PROGRAM_MAGIC,
  TableRecord,
} from './program-ops.js';
import { type Field, identifierOf, type Schema } from './schema-model.js';

/** Programs beyond this are refused; 131,072 fields make an eighth of it. Words. */
const MAX_WORDS = 1 << 22;
/** With more, the vtable would be larger than the verifier allows. */
const MAX_FIELDS = 16_381;

/**
 * Compiles what is reachable from the table at index `root`. Throws UNIMPLEMENTED, naming the field, for what this version
 * cannot verify, and RESOURCE_EXHAUSTED for what would make too large a program.
 */
export function compileProgram(schema: Schema, root: number): Program {
  return new ProgramCompiler(schema).compile(root);
}

class ProgramCompiler {
  readonly #schema: Schema;
  /** All records; places in it are put behind the header at the end. */
  readonly #words: number[] = [];
  readonly #names: string[] = [];
  readonly #tables = new Records();
  readonly #unions = new Records();
  /** Ops of the unions, in the order of their records. */
  readonly #members: (readonly Op[])[] = [];

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  compile(root: number): Program {
    const tables = this.#tables;
    const unions = this.#unions;
    tables.of(root);
    // Both lists grow while they are worked off: no recursion, however deep the schema.
    for (;;) {
      if (tables.places.length < tables.types.length) this.#table(tables.begin(this.#words.length));
      else if (unions.places.length < unions.types.length) this.#union(unions.begin(this.#words.length));
      else break;
      if (this.#words.length > MAX_WORDS) throw tooLarge('words', this.#words.length, MAX_WORDS);
    }
    const places = [...tables.places, ...unions.places];
    const before = Header.words + places.length;
    tables.fill(this.#words, before);
    unions.fill(this.#words, before);
    const code = newCode(before + this.#words.length);
    code[Header.magic] = PROGRAM_MAGIC;
    code[Header.length] = code.length;
    code[Header.identifier] = this.#identifier(root);
    code[Header.tables] = tables.places.length;
    code[Header.unions] = unions.places.length;
    places.forEach((place, index) => {
      code[Header.words + index] = before + place;
    });
    code.set(this.#words, before);
    return { code, names: this.#names };
  }

  /** Writers set it, and readers ask for it, only for the root that the schema declares. 0: none. */
  #identifier(root: number): number {
    const text = identifierOf(this.#schema, root);
    let identifier = 0;
    for (let at = 0; at < text.length; at++) identifier |= text.charCodeAt(at) << (8 * at);
    return identifier;
  }

  #table(index: number): void {
    const table = this.#schema.objects[this.#tables.types[index]!]!;
    const { fields, name } = table;
    if (fields.length > MAX_FIELDS) throw tooLarge(`fields in ${name}`, fields.length, MAX_FIELDS);
    const fieldOps = new FieldOps(this.#schema, table);
    const words = this.#words;
    const head = words.length;
    words.push(index, fields.length, 0, 0, 0, this.#names.length);
    for (const field of fields) {
      this.#names.push(field.name);
      // Generated code has no accessors for what is deprecated, and its verifier leaves it alone.
      if (field.deprecated) {
        words.push(0);
        continue;
      }
      const { bytes, alignment } = fieldOps.inline(field);
      const required = field.required ? FIELD_REQUIRED : 0;
      words.push(bytes | ((alignment - 1) << FIELD_ALIGNMENT_SHIFT) | required);
      words[head + TableRecord.phaseMask]! |= alignment - 1;
      if (field.required) words[head + TableRecord.requiredEnd] = field.id + 1;
    }
    for (const field of fields) {
      const op = field.deprecated ? undefined : fieldOps.op(field);
      if (op === undefined) continue;
      words[head + TableRecord.ops]!++;
      this.#op({ ...op, kind: op.kind | ((4 + 2 * field.id) << OP_ENTRY_SHIFT) }, fieldOps, field);
      words.push(op.second);
    }
  }

  #op({ kind, first, refersTo }: Op, fieldOps: FieldOps, field: Field): void {
    this.#words.push(kind, first);
    if (refersTo === 'table') this.#tables.refer(first, this.#words.length - 1);
    if (refersTo !== 'union') return;
    if (!this.#unions.has(first)) this.#members.push(fieldOps.members(field, first));
    this.#unions.refer(first, this.#words.length - 1);
  }

  #union(index: number): void {
    const members = this.#members[index]!;
    this.#words.push(index, members.length);
    for (const { kind, first, refersTo } of members) {
      this.#words.push(kind, first);
      if (refersTo === 'table') this.#tables.refer(first, this.#words.length - 1);
    }
  }
}

/** Records of one sort, numbered in the order in which they are first referred to. */
class Records {
  /** Index in the schema, by number. */
  readonly types: number[] = [];
  /** Place of the record, by number. */
  readonly places: number[] = [];
  readonly #numbers = new Map<number, number>();
  /** Words that refer to a record, and to which one. */
  readonly #references: (readonly [word: number, number: number])[] = [];

  has(type: number): boolean {
    return this.#numbers.has(type);
  }

  of(type: number): number {
    let number = this.#numbers.get(type);
    if (number === undefined) {
      number = this.types.push(type) - 1;
      this.#numbers.set(type, number);
    }
    return number;
  }

  refer(type: number, word: number): void {
    this.#references.push([word, this.of(type)]);
  }

  /** The next record begins at `place`; returns its number. */
  begin(place: number): number {
    return this.places.push(place) - 1;
  }

  /** Replaces what refers to records by their places. */
  fill(words: number[], before: number): void {
    for (const [word, number] of this.#references) words[word] = before + this.places[number]!;
  }
}

function newCode(words: number): Int32Array {
  const bytes = words * Int32Array.BYTES_PER_ELEMENT;
  // Browsers have no SharedArrayBuffer on pages that are not isolated from others.
  return typeof SharedArrayBuffer === 'undefined'
    ? new Int32Array(words)
    : new Int32Array(new SharedArrayBuffer(bytes));
}

function tooLarge(what: string, got: number, bound: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: `the schema makes a program of too many ${what}`,
    expected: `at most ${bound}`,
    got: String(got),
    advice: 'split the schema',
  });
}
