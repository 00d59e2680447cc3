import { decodeUtf8 } from '../codec/utf8.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { schemaTooLarge } from './schema-error.js';

/** What has been read of a schema's texts, in bytes. Thousands of tables may share one text, and each makes its own of it. */
interface TextMeter {
  read: number;
}

/** Reads a table of a FlatBuffer that is verified against its schema. Fields by id; defaults by the caller. */
export class BfbsTable {
  readonly #u8: Uint8Array;
  readonly #data: DataView;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableEnd: number;
  readonly #texts: TextMeter;

  private constructor(u8: Uint8Array, data: DataView, at: number, texts: TextMeter) {
    this.#u8 = u8;
    this.#data = data;
    this.#texts = texts;
    this.#at = at;
    this.#vtable = at - data.getInt32(at, true);
    this.#vtableEnd = this.#vtable + data.getUint16(this.#vtable, true);
  }

  static root(bytes: Uint8Array): BfbsTable {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new BfbsTable(bytes, data, data.getUint32(0, true), { read: 0 });
  }

  bool(id: number): boolean {
    const at = this.#field(id);
    return at !== 0 && this.#data.getUint8(at) !== 0;
  }

  byte(id: number): number {
    const at = this.#field(id);
    return at === 0 ? 0 : this.#data.getInt8(at);
  }

  ushort(id: number): number {
    const at = this.#field(id);
    return at === 0 ? 0 : this.#data.getUint16(at, true);
  }

  int(id: number, whenAbsent: number): number {
    const at = this.#field(id);
    return at === 0 ? whenAbsent : this.#data.getInt32(at, true);
  }

  long(id: number): bigint {
    const at = this.#field(id);
    return at === 0 ? 0n : this.#data.getBigInt64(at, true);
  }

  double(id: number): number {
    const at = this.#field(id);
    return at === 0 ? 0 : this.#data.getFloat64(at, true);
  }

  /** Bytes of the text; 0 when it is absent. */
  textBytes(id: number): number {
    const string = this.#target(id);
    return string === 0 ? 0 : this.#data.getUint32(string, true);
  }

  /** Empty when it is absent. Throws RESOURCE_EXHAUSTED when more is read than all texts of a schema may have. */
  text(id: number): string {
    const string = this.#target(id);
    if (string === 0) return '';
    const first = string + 4;
    const bytes = this.#data.getUint32(string, true);
    this.#texts.read += bytes;
    if (this.#texts.read > SCHEMA_BOUNDS.textBytes)
      throw schemaTooLarge('', 'bytes in names', this.#texts.read, SCHEMA_BOUNDS.textBytes);
    return decodeUtf8(this.#u8, first, first + bytes);
  }

  table(id: number): BfbsTable | undefined {
    const at = this.#target(id);
    return at === 0 ? undefined : new BfbsTable(this.#u8, this.#data, at, this.#texts);
  }

  /** Elements of a vector; 0 when it is absent. */
  count(id: number): number {
    const vector = this.#target(id);
    return vector === 0 ? 0 : this.#data.getUint32(vector, true);
  }

  tables(id: number): BfbsTable[] {
    const vector = this.#target(id);
    const tables: BfbsTable[] = [];
    for (let index = 0; index < this.count(id); index++) {
      const slot = vector + 4 + 4 * index;
      const at = slot + this.#data.getUint32(slot, true);
      tables.push(new BfbsTable(this.#u8, this.#data, at, this.#texts));
    }
    return tables;
  }

  /** Where the field is; 0 when it is absent. */
  #field(id: number): number {
    const slot = this.#vtable + 4 + 2 * id;
    const offset = slot < this.#vtableEnd ? this.#data.getUint16(slot, true) : 0;
    return offset === 0 ? 0 : this.#at + offset;
  }

  #target(id: number): number {
    const at = this.#field(id);
    return at === 0 ? 0 : at + this.#data.getUint32(at, true);
  }
}
