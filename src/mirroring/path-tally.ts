import type { Difference, DifferenceExample, DifferenceKind } from './difference.js';
import { ELEMENT, memberStep, PAYLOAD, shortName } from './path-text.js';
import { absoluteDifference, relativeDifference } from './tolerance.js';

/** What was found at one path. Paths form a tree: the walk through two payloads holds on to where it is in it. */
export class PathTally {
  readonly steps: readonly string[];
  /** Of the path. */
  readonly characters: number;
  compared = 0;
  first: DifferenceExample | undefined = undefined;
  readonly #children = new Map<string, PathTally>();
  readonly #kinds = new Map<DifferenceKind, number>();
  #maxAbsolute: number | undefined = undefined;
  #maxRelative: number | undefined = undefined;

  constructor(steps: readonly string[]) {
    this.steps = steps;
    this.characters = steps.reduce((characters, step) => characters + step.length, 0);
  }

  get path(): string {
    return this.steps.length === 0 ? PAYLOAD : this.steps.join('');
  }

  /** The path to any element, or to the member of this name; undefined when nothing was there before. */
  child(name: string | undefined): PathTally | undefined {
    return this.#children.get(keyOf(name));
  }

  addChild(name: string | undefined): PathTally {
    const step = name === undefined ? ELEMENT : memberStep(name, this.steps.length === 0);
    const child = new PathTally([...this.steps, step]);
    this.#children.set(keyOf(name), child);
    return child;
  }

  count(kind: DifferenceKind): void {
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  /** Two numbers that differ: both of them bigints, or neither. */
  measure(primary: number | bigint, shadow: number | bigint): void {
    if (!hasSize(primary) || !hasSize(shadow)) return;
    this.#maxAbsolute = Math.max(this.#maxAbsolute ?? 0, absoluteDifference(primary, shadow));
    this.#maxRelative = Math.max(this.#maxRelative ?? 0, relativeDifference(primary, shadow));
  }

  /** Undefined when nothing differs here. */
  difference(): Difference | undefined {
    const { first, compared, path } = this;
    if (first === undefined) return undefined;
    let differing = 0;
    for (const count of this.#kinds.values()) differing += count;
    return {
      ...{ path, kinds: Object.fromEntries(this.#kinds), compared, differing },
      ...{ maxAbsolute: this.#maxAbsolute, maxRelative: this.#maxRelative, first },
    };
  }
}

/** Elements have a key that no member has: names are behind a full stop. Names that paths do not tell apart share one. */
function keyOf(name: string | undefined): string {
  return name === undefined ? ELEMENT : `.${shortName(name)}`;
}

function hasSize(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isFinite(value);
}
