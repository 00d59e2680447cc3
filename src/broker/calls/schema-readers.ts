/** Schemas for which a worker's verdict is remembered; beyond it all are found anew. */
const MAX_VERDICTS = 64;

/** Which workers can read requests of a schema. */
export class SchemaReaders {
  /** Whether a reader's schema can read another; both by id in hex. */
  readonly #canRead: (reader: string, schemaId: string) => boolean;
  /** By what a worker reads. */
  #verdicts = new WeakMap<readonly string[], Map<string, boolean>>();

  constructor(canRead: (reader: string, schemaId: string) => boolean) {
    this.#canRead = canRead;
  }

  /** Other schemas can be read now. */
  reset(): void {
    this.#verdicts = new WeakMap();
  }

  /** Whether one that reads these schemas, or whatever comes when there are none, can read another. Ids in hex. */
  canRead(reads: readonly string[], schemaId: string): boolean {
    if (reads.length === 0) return true;
    const verdicts = this.#verdicts.get(reads) ?? new Map<string, boolean>();
    const known = verdicts.get(schemaId);
    if (known !== undefined) return known;
    const verdict = reads.some((reader) => this.#canRead(reader, schemaId));
    if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
    this.#verdicts.set(reads, verdicts.set(schemaId, verdict));
    return verdict;
  }
}
