/**
 * Where the parts of a good size-prefixed FlatBuffers message lie, for tests that break one of them. It follows
 * offsets on its own, without a verifier or generated code. All offsets count from the first byte, the size prefix.
 */
export class MessageMap {
  readonly bytes: Uint8Array;
  readonly data: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the root table lies. */
  get table(): number {
    return 4 + this.data.getUint32(4, true);
  }

  /** Where the root table's vtable lies. */
  get vtable(): number {
    return this.vtableOf(this.table);
  }

  vtableOf(table: number): number {
    return table - this.data.getInt32(table, true);
  }

  /** Where a table's vtable says how far its field `id` lies from the table's start. */
  entryOf(table: number, id: number): number {
    return this.vtableOf(table) + 4 + 2 * id;
  }

  /** Where field `id` lies inside its table. */
  slotOf(table: number, id: number): number {
    return table + this.data.getUint16(this.entryOf(table, id), true);
  }

  /** Where the offset at `slot` leads. */
  follow(slot: number): number {
    return slot + this.data.getUint32(slot, true);
  }

  u16(at: number): number {
    return this.data.getUint16(at, true);
  }

  u32(at: number): number {
    return this.data.getUint32(at, true);
  }

  put16(at: number, value: number): void {
    this.data.setUint16(at, value, true);
  }

  put32(at: number, value: number): void {
    this.data.setUint32(at, value, true);
  }

  /** Makes the table at `table` find its vtable at `vtable`. */
  putVtable(table: number, vtable: number): void {
    this.data.setInt32(table, table - vtable, true);
  }

  /** Leads the offset in `slot` to a place and puts bytes there. */
  lead(slot: number, to: number, bytes: readonly number[]): void {
    this.put32(slot, to - slot);
    this.bytes.set(bytes, to);
  }
}
