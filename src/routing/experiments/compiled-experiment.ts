import { VersionRange } from '../version-range.js';
import { bucketOfKey, saltSeed } from './assignment-hash.js';
import { type BucketTable, ownersOf } from './bucket-table.js';
import { type Experiment, hundredthsOf } from './experiment.js';
import { type KeySource, parseKeySource } from './key-source.js';

/** A variant as requests meet it. */
export interface CompiledVariant {
  readonly name: string;
  /** Undefined: of any version. */
  readonly range: VersionRange | undefined;
  /** Undefined: whoever serves the subject. */
  readonly service: string | undefined;
}

export interface Assignment {
  /** Index of the variant. */
  readonly variant: number;
  /** Undefined without a key. */
  readonly bucket: number | undefined;
}

/** What `bucketOf` says of no key at all. */
export const NO_BUCKET = -1;

/** An experiment as the path of requests needs it: nothing is parsed or looked up by name any more. */
export class CompiledExperiment {
  readonly experiment: Experiment;
  readonly table: BucketTable;
  readonly keySource: KeySource;
  /** In the order of the experiment. */
  readonly variants: readonly CompiledVariant[];
  /** Index of the variant for requests without a key. */
  readonly defaultVariant: number;
  /** Index of the variant that gets copies; -1 when none does. */
  readonly mirrorVariant: number;
  readonly #owners: Uint8Array;
  readonly #seed: number;
  readonly #mirrorSeed: number;
  readonly #mirrored: number;

  /** Of an experiment that `readExperiment` has made, and a table that gives each of its variants its weight. */
  constructor(experiment: Experiment, table: BucketTable) {
    const names = experiment.variants.map(({ name }) => name);
    const { assign, mirror } = experiment;
    this.experiment = experiment;
    this.table = table;
    this.keySource = parseKeySource(assign.key)!;
    this.variants = experiment.variants.map(({ name, version, service }) => ({
      ...{ name, service, range: version === undefined ? undefined : new VersionRange(version) },
    }));
    this.defaultVariant = names.indexOf(experiment.default);
    this.mirrorVariant = mirror === undefined ? -1 : names.indexOf(mirror.variant);
    this.#owners = Uint8Array.from(ownersOf(table, names));
    this.#seed = saltSeed(assign.salt);
    // Another one: which requests are copied has nothing to do with where they go.
    this.#mirrorSeed = ~this.#seed;
    this.#mirrored = mirror === undefined ? 0 : hundredthsOf(mirror.percent);
  }

  /** Bucket of the key in bytes `start` to `end`, from 0 on; NO_BUCKET of an empty one, which is none. */
  bucketOf(bytes: Uint8Array, start: number, end: number): number {
    return start === end ? NO_BUCKET : bucketOfKey(bytes, start, end, this.#seed);
  }

  /** Index of the variant that a bucket belongs to; of NO_BUCKET the default. */
  variantOf(bucket: number): number {
    return bucket < 0 ? this.defaultVariant : this.#owners[bucket]!;
  }

  /** Both at once. */
  assign(key: Uint8Array | undefined): Assignment {
    const bucket = key === undefined ? NO_BUCKET : this.bucketOf(key, 0, key.length);
    return { variant: this.variantOf(bucket), bucket: bucket < 0 ? undefined : bucket };
  }

  /** Whether a request that goes to this variant is copied to `mirrorVariant`: by its id, so that it is always the same. */
  mirrors(variant: number, id: Uint8Array): boolean {
    if (this.#mirrored === 0 || variant === this.mirrorVariant) return false;
    return bucketOfKey(id, 0, id.length, this.#mirrorSeed) < this.#mirrored;
  }
}
