import type {
  Difference,
  DifferenceExample,
  DifferenceKind,
  LeftOut,
  ReplyComparison,
} from './difference.js';
import { MIRRORING_LIMITS } from './mirroring-limits.js';

/** One path of a report. */
export interface ReportedPath {
  readonly path: string;
  /** Requests where something was compared at this path; counted from when the report began to keep the path. */
  readonly compared: number;
  /** Of these, requests where something differed. */
  readonly differing: number;
  /** In how many requests it differed in each way. */
  readonly kinds: Readonly<Partial<Record<DifferenceKind, number>>>;
  /** As in Difference, over all requests; null without numbers. */
  readonly maxAbsolute: number | null;
  readonly maxRelative: number | null;
  /** The first. */
  readonly example: DifferenceExample & { readonly request: string };
}

/** As HTTP and the command line tell it. */
export interface DifferenceReportJson {
  /** Requests whose replies were compared. */
  readonly requests: number;
  /** Of these, such with a difference anywhere. */
  readonly differing: number;
  /** How many were not compared to their end, by why. */
  readonly leftOut: Readonly<Partial<Record<LeftOut, number>>>;
  /** Those that differed, the most frequent first. */
  readonly paths: readonly ReportedPath[];
  /** Paths that were compared and never differed. */
  readonly agreeing: number;
  /** Differences at paths for which the report had no room; each request counts. */
  readonly unlisted: number;
}

interface Entry {
  compared: number;
  differing: number;
  readonly kinds: Map<DifferenceKind, number>;
  maxAbsolute: number | undefined;
  maxRelative: number | undefined;
  example: ReportedPath['example'] | undefined;
}

/**
 * What was found over many requests. It keeps a bounded number of paths, and of these rather those that differ: for one
 * that differs another one that never did is forgotten.
 */
export class DifferenceReport {
  readonly #maxPaths: number;
  /** Oldest first. */
  readonly #agreeing = new Map<string, Entry>();
  readonly #differing = new Map<string, Entry>();
  readonly #leftOut = new Map<LeftOut, number>();
  #requests = 0;
  #differingRequests = 0;
  #unlisted = 0;

  constructor(maxPaths: number = MIRRORING_LIMITS.maxReportPaths) {
    this.#maxPaths = maxPaths;
  }

  /** `request` names the request in examples. */
  add(request: string, { differences, paths, leftOut }: ReplyComparison): void {
    this.#requests++;
    if (differences.length > 0) this.#differingRequests++;
    for (const why of leftOut) raise(this.#leftOut, why);
    // First those that differ: they take the room.
    for (const difference of differences) this.#differ(request, difference);
    const differing = new Set(differences.map(({ path }) => path));
    for (const path of paths) if (!differing.has(path)) this.#agree(path);
  }

  toJSON(): DifferenceReportJson {
    return {
      requests: this.#requests,
      differing: this.#differingRequests,
      leftOut: Object.fromEntries(this.#leftOut),
      paths: [...this.#differing].map(reportedPath).sort(mostFrequentFirst),
      agreeing: this.#agreeing.size,
      unlisted: this.#unlisted,
    };
  }

  #agree(path: string): void {
    const known = this.#differing.get(path) ?? this.#agreeing.get(path);
    if (known !== undefined) known.compared++;
    else if (this.#size < this.#maxPaths) this.#agreeing.set(path, { ...newEntry(), compared: 1 });
  }

  #differ(request: string, { path, kinds, maxAbsolute, maxRelative, first }: Difference): void {
    const entry = this.#differingEntry(path);
    if (entry === undefined) {
      this.#unlisted++;
      return;
    }
    entry.compared++;
    entry.differing++;
    for (const kind of Object.keys(kinds) as DifferenceKind[]) raise(entry.kinds, kind);
    entry.maxAbsolute = larger(entry.maxAbsolute, maxAbsolute);
    entry.maxRelative = larger(entry.maxRelative, maxRelative);
    entry.example ??= { request, ...first };
  }

  /** Undefined when all the room is taken by paths that differ. */
  #differingEntry(path: string): Entry | undefined {
    const known = this.#differing.get(path);
    if (known !== undefined) return known;
    const entry = this.#agreeing.get(path) ?? newEntry();
    if (!this.#agreeing.delete(path) && this.#size >= this.#maxPaths) {
      const [oldest] = this.#agreeing.keys();
      if (oldest === undefined) return undefined;
      this.#agreeing.delete(oldest);
    }
    this.#differing.set(path, entry);
    return entry;
  }

  get #size(): number {
    return this.#agreeing.size + this.#differing.size;
  }
}

function newEntry(): Entry {
  return {
    ...{ compared: 0, differing: 0, kinds: new Map() },
    ...{ maxAbsolute: undefined, maxRelative: undefined, example: undefined },
  };
}

function reportedPath([path, entry]: [string, Entry]): ReportedPath {
  const { compared, differing, kinds, maxAbsolute, maxRelative, example } = entry;
  return {
    ...{ path, compared, differing, kinds: Object.fromEntries(kinds) },
    ...{ maxAbsolute: maxAbsolute ?? null, maxRelative: maxRelative ?? null, example: example! },
  };
}

function mostFrequentFirst(a: ReportedPath, b: ReportedPath): number {
  return b.differing - a.differing || (a.path < b.path ? -1 : 1);
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function raise<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
