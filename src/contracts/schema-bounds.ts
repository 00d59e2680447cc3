/** What a schema may be. Beyond any of these it is refused with RESOURCE_EXHAUSTED. */
export const SCHEMA_BOUNDS = {
  /** Of the `.bfbs`. Bytes. */
  bytes: 64 * 1024 * 1024,
  /** Tables, structs, enums and unions together. */
  types: 16_384,
  /** Fields of one table: generated readers take a vtable's size, 4 + 2 bytes a field, as a signed 16-bit number. */
  fieldsOfType: 16_380,
  /** Fields of all types. */
  fields: 131_072,
  /** Values of all enums and members of all unions. */
  enumValues: 131_072,
  /** Of one name, with its namespace. Bytes. */
  nameBytes: 512,
  /** Of the name of a file. Bytes. */
  fileBytes: 4096,
  /** Of all names, as often as they are used. Bytes. */
  textBytes: 8 * 1024 * 1024,
  /** Namespaces around a type, itself included. */
  nameParts: 32,
  /** Structs within structs. */
  structDepth: 64,
  /** One struct. Bytes. */
  structBytes: 65_535,
  /** Largest alignment of a struct or vector. Bytes. */
  alignment: 256,
} as const;
