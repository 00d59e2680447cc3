import { Field, type FieldName } from '../../src/codec/frame-layout.js';
import { MessageMap } from './message-map.js';

/** Where the parts of a good frame lie. */
export class FrameMap extends MessageMap {
  /** Where the vtable says how far a field lies from the table's start. */
  entry(field: FieldName): number {
    return this.entryOf(this.table, Field[field]);
  }

  /** Where a field lies inside the table. */
  slot(field: FieldName): number {
    return this.slotOf(this.table, Field[field]);
  }

  /** Where the length of a field's string or vector lies. */
  target(field: FieldName): number {
    return this.follow(this.slot(field));
  }

  /** Where the table of a header lies. */
  header(index: number): number {
    return this.follow(this.headerSlot(index));
  }

  /** Where the offset to a header's table lies. */
  headerSlot(index: number): number {
    return this.target('headers') + 4 + 4 * index;
  }
}
