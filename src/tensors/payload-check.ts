import type { RequestedOutput } from '../codec/generated/modwire/inference/requested-output.js';
import { Tensor as TensorTable } from '../codec/generated/modwire/inference/tensor.js';
import { type ValueViolation, valueViolation } from '../contracts/value-violation.js';
import { formatNumbered } from './datatype.js';
import { type ParameterTable, parameterProblem } from './parameters.js';
import { contentsProblem, elementCount, rankProblem, shapeProblem } from './shape.js';
import { contentsOfTable, shapeOf } from './tensor-tables.js';

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

  constructor(payload: Uint8Array) {
    this.#byteElements = payload.length;
  }

  modelName(table: PlacedTable & { modelName(): string }): void {
    this.#require(table.modelName() !== '', table, 'model_name', 'a model has a name');
  }

  parameters(table: PlacedTable & ParameterTable, path: string): void {
    if (this.violation !== undefined) return;
    const problem = parameterProblem(table);
    if (problem !== undefined) this.#fail(table, `${path}parameters[${problem.index}]`, problem.why);
  }

  tensors(count: number, path: string, at: (index: number, table: TensorTable) => unknown): void {
    const names = new Set<string>();
    const table = new TensorTable();
    for (let index = 0; index < count && this.violation === undefined; index++) {
      at(index, table);
      const place = `${path}[${index}]`;
      this.#name(table, names, place);
      this.#tensor(table, place);
      this.parameters(table, `${place}.`);
    }
  }

  /** Outputs that are asked for. */
  output(table: RequestedOutput, names: Set<string>, place: string): void {
    this.#name(table, names, place);
    this.parameters(table, `${place}.`);
  }

  #name(table: PlacedTable & { name(): string }, names: Set<string>, place: string): void {
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

  #require(holds: boolean, table: PlacedTable, path: string, why: string): void {
    if (!holds && this.violation === undefined) this.#fail(table, path, why);
  }

  #fail(table: PlacedTable, path: string, why: string): void {
    this.violation = valueViolation(table.bb_pos, path, why);
  }
}
