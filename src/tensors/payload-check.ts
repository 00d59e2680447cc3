import { Encoding } from 'flatbuffers';
import { RequestedOutput } from '../codec/generated/modwire/inference/requested-output.js';
import { Tensor as TensorTable } from '../codec/generated/modwire/inference/tensor.js';
import { type ValueViolation, valueViolation } from '../contracts/value-violation.js';
import { formatNumbered } from './datatype.js';
import { MessageMeter } from './message-meter.js';
import { type ParameterTable, parameterProblem } from './parameters.js';
import { contentsProblem, elementCount, rankProblem, shapeProblem } from './shape.js';
import { contentsOfTable, shapeOf } from './tensor-tables.js';

/** Texts as they lie in the payload, not decoded. */
const BYTES = Encoding.UTF8_BYTES;

interface NamedTable {
  name(): string;
  name(encoding: Encoding): string | Uint8Array;
}

interface HeadTable {
  modelName(): string;
  modelName(encoding: Encoding): string | Uint8Array;
  modelVersion(encoding: Encoding): string | Uint8Array | null;
  id(encoding: Encoding): string | Uint8Array | null;
}

/** A table as generated code has it. */
interface PlacedTable {
  readonly bb_pos: number;
}

/**
 * Holds one verified payload against what its schema cannot state: shape × datatype × bytes, names, parameters. `violation`
 * is the first that was found; after it nothing more is looked at.
 */
export class PayloadCheck {
  violation: ValueViolation | undefined;
  /**
   * Tables may share their contents, and elements of BYTES are looked at one by one: so many bytes of them a payload can
   * have without, and no more are looked at.
   */
  #byteElements: number;
  readonly #meter = new MessageMeter();

  constructor(payload: Uint8Array) {
    this.#byteElements = payload.length;
  }

  /** Model, version and id: what names the message. */
  head(table: PlacedTable & HeadTable): void {
    for (const text of [table.modelName(BYTES), table.modelVersion(BYTES), table.id(BYTES)]) {
      this.#measure(table, '', this.#meter.text(text?.length ?? 0));
    }
    if (this.violation !== undefined) return;
    this.#require(table.modelName() !== '', table, 'model_name', 'a model has a name');
  }

  parameters(table: PlacedTable & ParameterTable, path: string): void {
    this.#measure(table, `${path}parameters`, this.#meter.parameters(table.parametersLength()));
    if (this.violation !== undefined) return;
    const problem = parameterProblem(table, this.#meter);
    if (problem !== undefined) this.#fail(table, `${path}parameters[${problem.index}]`, problem.why);
  }

  tensors(count: number, path: string, at: (index: number, table: TensorTable) => unknown): void {
    const names = new Set<string>();
    const table = new TensorTable();
    const tooMany = this.#meter.tensors(count);
    if (tooMany !== undefined) {
      at(0, table);
      this.#fail(table, path, tooMany);
    }
    for (let index = 0; index < count && this.violation === undefined; index++) {
      at(index, table);
      const place = `${path}[${index}]`;
      this.#name(table, names, place);
      this.#tensor(table, place);
      this.parameters(table, `${place}.`);
    }
  }

  /** Outputs that are asked for. */
  outputs(count: number, at: (index: number, table: RequestedOutput) => unknown): void {
    const names = new Set<string>();
    const table = new RequestedOutput();
    const tooMany = this.#meter.tensors(count);
    if (tooMany !== undefined) {
      at(0, table);
      this.#fail(table, 'outputs', tooMany);
    }
    for (let index = 0; index < count && this.violation === undefined; index++) {
      at(index, table);
      this.#name(table, names, `outputs[${index}]`);
      this.parameters(table, `outputs[${index}].`);
    }
  }

  #name(table: PlacedTable & NamedTable, names: Set<string>, place: string): void {
    this.#measure(table, `${place}.name`, this.#meter.text(table.name(BYTES).length));
    if (this.violation !== undefined) return;
    const name = table.name();
    this.#require(name !== '', table, `${place}.name`, 'the name is empty');
    this.#require(!names.has(name), table, `${place}.name`, 'one before has the same name');
    names.add(name);
  }

  #tensor(table: TensorTable, place: string): void {
    if (this.violation !== undefined) return;
    const format = formatNumbered(table.datatype());
    if (format === undefined) {
      this.#fail(table, `${place}.datatype`, `no datatype has the number ${table.datatype()}`);
      return;
    }
    // One that is too long may be all of the payload: it is not read.
    const tooMany = rankProblem(table.shapeLength());
    const shape = tooMany === undefined ? shapeOf(table) : [];
    const wrongShape = tooMany ?? shapeProblem(shape);
    if (wrongShape !== undefined) {
      this.#fail(table, `${place}.shape`, wrongShape);
      return;
    }
    const contents = contentsOfTable(table);
    if (format.datatype === 'BYTES') {
      this.#byteElements -= contents.length;
      const why = 'the message refers to the same bytes more often than its size allows';
      this.#require(this.#byteElements >= 0, table, `${place}.contents`, why);
      if (this.violation !== undefined) return;
    }
    const wrongContents = contentsProblem(format, elementCount(shape), contents);
    if (wrongContents !== undefined) this.#fail(table, `${place}.contents`, wrongContents);
  }

  #measure(table: PlacedTable, path: string, tooMuch: string | undefined): void {
    this.#require(tooMuch === undefined, table, path, tooMuch ?? '');
  }

  #require(holds: boolean, table: PlacedTable, path: string, why: string): void {
    if (!holds && this.violation === undefined) this.#fail(table, path, why);
  }

  #fail(table: PlacedTable, path: string, why: string): void {
    this.violation = valueViolation(table.bb_pos, path, why);
  }
}
