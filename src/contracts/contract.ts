import { Builder } from 'flatbuffers';
import { Memory } from '../codec/memory.js';
import { toHex } from '../codec/message-id.js';
import { VerifiedBytes } from '../codec/verified-bytes.js';
import type { Violation } from '../codec/verify-rule.js';
import { ModwireError } from '../errors.js';
import { readSchema } from './bfbs-reader.js';
import { type CompiledSchema, compileRoot } from './compile-schema.js';
import { CONTRACT_MARK } from './contract-mark.js';
import { nearest } from './nearest.js';
import { ProgramVerifier } from './program-verifier.js';
import { reachableTypes } from './reachable-types.js';
import type { Schema } from './schema-model.js';
import {
  requiredFieldsAt,
  type TableClass,
  type TableObject,
  tableNameOf,
  tablesNamed,
} from './table-class.js';
import type { ValueViolation } from './value-violation.js';

/** What a contract is made of. */
export interface ContractDefinition<Value extends TableObject> {
  /** As brokers know it. */
  readonly name: string;
  /** As `.bfbs`, of the same `.fbs` as `root`. */
  readonly schema: Uint8Array;
  /** flatc's class of the root table, with object API: `Order`, whose objects are `OrderT`. */
  readonly root: TableClass<Value>;
  /** Full name of the root table, where the name of the class is not enough to tell. */
  readonly rootName?: string;
}

/** A builder that has grown beyond this is not kept. Bytes. */
const MAX_KEPT_BYTES = 1024 * 1024;
const BUILDER_BYTES = 1024;
const MISSING_FIELD = /field (\d+) must be set/;

/**
 * One version of a contract with the code generated for it: objects to payloads and back. The schema is compiled when it
 * is first needed. `defineContract` makes one.
 */
export class Contract<Value extends TableObject = TableObject> {
  readonly name: string;
  /** @internal */ readonly [CONTRACT_MARK] = true;
  readonly #definition: ContractDefinition<Value>;
  readonly #verifier = new ProgramVerifier();
  #compiled: CompiledSchema | undefined;
  #hexId: string | undefined;
  #builder: Builder | undefined;

  /** @internal */
  constructor(definition: ContractDefinition<Value>) {
    this.name = definition.name;
    this.#definition = definition;
  }

  /** Id of the schema: 16 bytes. Throws, as all that needs it, what is wrong with the schema. */
  get id(): Uint8Array {
    return this.compiled.id;
  }

  /** The same as 32 hexadecimal digits. */
  get hexId(): string {
    this.#hexId ??= toHex(this.id);
    return this.#hexId;
  }

  /** Full name of the root table. */
  get rootName(): string {
    return this.compiled.rootName;
  }

  /** As `.bfbs`. */
  get schema(): Uint8Array {
    return this.#definition.schema;
  }

  /** @internal */
  get compiled(): CompiledSchema {
    this.#compiled ??= compile(this.#definition);
    return this.#compiled;
  }

  /**
   * A payload of its own. Throws CONTRACT_VIOLATION for a value that cannot be one, such as without a required field,
   * INVALID_ARGUMENT for what is no object of the root's class.
   */
  encode(value: Value): Uint8Array {
    return this.pack(value).slice();
  }

  /** The object that a payload holds. Throws CONTRACT_VIOLATION, with the path of the field, when it does not verify. */
  decode(payload: Uint8Array): Value {
    const violation = this.verify(payload);
    if (violation === undefined) return this.unpack(payload);
    throw new ModwireError('CONTRACT_VIOLATION', {
      what: violation.text,
      where: `${this.name}, ${this.rootName}`,
    });
  }

  /** Why a payload does not keep the contract; undefined when it does. */
  verify(payload: Uint8Array): Violation | ValueViolation | undefined {
    return this.violationAt(new Memory(payload), 0, payload.length);
  }

  /** The same of a payload that lies in `memory`. @internal */
  violationAt(memory: Memory, start: number, end: number): Violation | ValueViolation | undefined {
    const violation = this.#verifier.verify(this.compiled.program, memory, start, end);
    const { root } = this.#definition;
    if (violation !== undefined || root.checkPayload === undefined) return violation;
    return root.checkPayload(memory.u8.subarray(start, end));
  }

  /** The object of a payload that was verified. @internal */
  unpack(payload: Uint8Array): Value {
    const bytes = new VerifiedBytes(payload);
    return new this.#definition.root().__init(bytes.readInt32(0), bytes as never).unpack();
  }

  /** As `encode`, in bytes that are only valid until the next call. @internal */
  pack(value: Value): Uint8Array {
    const { fileIdentifier } = this.compiled.schema;
    if (typeof (value as Partial<TableObject> | undefined)?.pack !== 'function') throw notAnObject(this);
    this.#builder ??= new Builder(BUILDER_BYTES);
    const builder = this.#builder;
    // Also after an object that could not be packed.
    builder.clear();
    try {
      builder.finish(value.pack(builder as never), fileIdentifier === '' ? undefined : fileIdentifier);
    } catch (thrown) {
      throw notPacked(this.name, this.compiled, thrown);
    } finally {
      if (builder.dataBuffer().capacity() > MAX_KEPT_BYTES) this.#builder = undefined;
    }
    return builder.asUint8Array();
  }
}

function compile({ name, schema: bfbs, root, rootName }: ContractDefinition<TableObject>): CompiledSchema {
  const schema = readSchema(bfbs);
  const wanted = rootName ?? tableNameOf(root)!;
  const tables = tablesNamed(schema, wanted, rootName !== undefined);
  if (tables.length === 1) return compileRoot(schema, tables[0]!);
  throw new ModwireError('INVALID_ARGUMENT', {
    where: `contract ${name}`,
    ...(tables.length === 0 ? unknownRoot(schema, wanted) : ambiguousRoot(schema, wanted, tables)),
  });
}

function unknownRoot({ objects }: Schema, wanted: string) {
  const names = objects.filter(({ isStruct }) => !isStruct).map((object) => object.name);
  return {
    what: 'the schema has no such table',
    expected: nearest(wanted, names) ?? 'the name of one of its tables',
    got: wanted,
    advice: 'generate the class and the .bfbs from the same .fbs',
  };
}

function ambiguousRoot({ objects }: Schema, wanted: string, tables: readonly number[]) {
  return {
    what: 'several tables of the schema have this name',
    expected: `one of ${tables.map((index) => objects[index]!.name).join(', ')}`,
    got: wanted,
    advice: 'say which with rootName',
  };
}

function notAnObject({ name, rootName }: Contract): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'not an object of the contract',
    expected: `an object of the class that flatc generates for ${rootName}, which has pack`,
    got: 'something without',
    where: `contract ${name}`,
  });
}

function notPacked(name: string, { schema, root }: CompiledSchema, thrown: unknown): ModwireError {
  const got = thrown instanceof Error ? thrown.message : String(thrown);
  const offset = MISSING_FIELD.exec(got)?.[1];
  // The builder says the place in the vtable, and nothing of the table.
  const fields =
    offset === undefined
      ? []
      : requiredFieldsAt(schema, reachableTypes(schema, root).objects, Number(offset));
  return new ModwireError('CONTRACT_VIOLATION', {
    what: 'the object cannot be packed',
    ...(fields.length === 0 ? { got } : { expected: fields.join(' or '), got: 'null' }),
    where: `contract ${name}`,
    cause: thrown,
  });
}
