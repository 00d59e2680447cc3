/**
 * The format of a program's code, an array of 32-bit words; docs/verifier.md is its specification and native/verify.cc
 * the other program that reads it.
 */

/** First word of every program; counted up whenever the format or the meaning of a word changes. */
export const PROGRAM_MAGIC = 0x4d57_5601;

/** Words of the header; behind it stand the places of all table records, then those of all union records. */
export const Header = { magic: 0, length: 1, identifier: 2, tables: 3, unions: 4, words: 5 } as const;

/** Words at the front of a table record; behind them a word for each field, then the ops. */
export const TableRecord = {
  index: 0,
  /** Entries of the vtable that are known. */
  fields: 1,
  ops: 2,
  /** Largest alignment of its fields, less one. */
  phaseMask: 3,
  /** One more than the highest id of a required field. */
  requiredEnd: 4,
  /** Place of its first field in the program's names. */
  names: 5,
  words: 6,
} as const;

/** A field's word: bytes, alignment less one, whether it is required. 0: not looked at. */
export const FIELD_BYTES_MASK = 0xffff;
export const FIELD_ALIGNMENT_SHIFT = 16;
export const FIELD_ALIGNMENT_MASK = 0xff;
export const FIELD_REQUIRED = 0x100_0000;

/** An op: kind and flags with the place of the field's entry in the vtable, then two arguments. */
export const OP_WORDS = 3;
export const OP_ENTRY_SHIFT = 8;
export const OP_KIND_MASK = 0x1f;

export const OpKind = {
  /** In unions: nothing to look at. */
  pass: 0,
  string: 1,
  /** Record of the table. */
  table: 2,
  /** Bytes of an element; its alignment less one. */
  vector: 3,
  strings: 4,
  /** Record of the tables. */
  tables: 5,
  /** Record of the union; entry of the tag. */
  union: 6,
  unions: 7,
  /** Record of the root of the bytes inside. */
  nested: 8,
  /** In unions: bytes, and alignment less one in the upper half. */
  struct: 9,
} as const;

/** Flags of an op: 64-bit offset; 64-bit length of the vector. */
export const OP_WIDE_OFFSET = 0x40;
export const OP_WIDE_LENGTH = 0x80;

/** Words at the front of a union record; behind them two words, kind and argument, for each tag from 0 on. */
export const UnionRecord = { index: 0, tags: 1, words: 2 } as const;
export const TAG_WORDS = 2;

/** What a payload may be; docs/verifier.md says why. */
export const VERIFY_LIMITS = {
  /** Smallest buffer: root offset, and table and vtable without fields. Bytes. */
  minBytes: 12,
  /** Bytes. */
  maxBytes: 0x7fff_ffff,
  /**
   * Largest vtable and table. Bytes. The wire allows twice as much, but generated TypeScript takes these numbers as
   * signed.
   */
  maxVoffset: 0x7fff,
  /** Tables within tables, the root included, through nested buffers too. */
  depth: 64,
  tables: 1_000_000,
  /** Work that may be done: so much, and so much for each byte. */
  work: 4096,
  workPerByte: 32,
  /** Work that a table costs, and with its vtable's bytes shifted right by so many bits. */
  workPerTable: 16,
  workVtableShift: 3,
  /** Work that a value out of line costs; a string costs its bytes too. */
  workPerValue: 4,
} as const;
