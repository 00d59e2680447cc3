import type { DifferenceKind, LeftOut, ReplyComparison } from './difference.js';
import { PathTally } from './path-tally.js';
import { OUTCOME, placeText, REPLIES } from './path-text.js';

/** Bytes of a text or payload that are as much work as one value. */
const BYTES_PER_VALUE = 16;
/** A path of so many characters gets no longer. */
const LONG_PATH = 1024;

export interface TallyBounds {
  /** Values that are compared. */
  readonly maxElements: number;
  /** Paths that are told apart. */
  readonly maxPaths: number;
}

/** The two texts of an example, made only where one is needed. */
export type ShownValues = () => readonly [primary: string, shadow: string];

/** One comparison at work: where it is, what it found, and what it may still cost. */
export class ReplyTally {
  readonly outcome = new PathTally([OUTCOME]);
  readonly replies = new PathTally([REPLIES]);
  /** Of the payloads. */
  readonly root = new PathTally([]);
  /** Of the vectors around the values in work, the outermost first. */
  readonly indices: number[] = [];
  /** Of the reply in work, where there are several; undefined of the only one. */
  reply: number | undefined = undefined;
  readonly #met: PathTally[] = [];
  readonly #leftOut = new Set<LeftOut>();
  #elements: number;
  #paths: number;

  constructor({ maxElements, maxPaths }: TallyBounds) {
    this.#elements = maxElements;
    this.#paths = maxPaths;
  }

  /** How many of these values may be compared: they are taken to be. */
  take(values: number): number {
    if (values <= this.#elements) {
      this.#elements -= values;
      return values;
    }
    this.leave('elements');
    const rest = Math.max(0, this.#elements);
    this.#elements = 0;
    return rest;
  }

  /** The same of bytes. */
  takeBytes(bytes: number): number {
    return Math.min(bytes, this.take(Math.ceil(bytes / BYTES_PER_VALUE)) * BYTES_PER_VALUE);
  }

  leave(why: LeftOut): void {
    this.#leftOut.add(why);
  }

  /** The path to a member of `parent`. Beyond the bound of paths it is that of the parent. */
  member(parent: PathTally, name: string): PathTally {
    return parent.child(name) ?? this.#add(parent, name);
  }

  /** The path to any element of `parent`. */
  element(parent: PathTally): PathTally {
    return parent.child(undefined) ?? this.#add(parent, undefined);
  }

  /** So many values were compared. */
  compared(at: PathTally, values = 1): void {
    if (at.compared === 0) this.#met.push(at);
    at.compared += values;
  }

  /** One of the values that are compared differs. */
  differs(at: PathTally, kind: DifferenceKind, shown: ShownValues): void {
    at.count(kind);
    if (at.first !== undefined) return;
    const [primary, shadow] = shown();
    const place = placeText(at.steps, this.indices);
    at.first = {
      kind,
      at: this.reply === undefined ? place : `replies[${this.reply}]: ${place}`,
      primary,
      shadow,
    };
  }

  finish(): ReplyComparison {
    return {
      differences: this.#met.flatMap((tally) => tally.difference() ?? []),
      paths: this.#met.map(({ path }) => path),
      leftOut: [...this.#leftOut],
    };
  }

  #add(parent: PathTally, name: string | undefined): PathTally {
    if (this.#paths <= 0 || parent.characters >= LONG_PATH) {
      this.leave('paths');
      return parent;
    }
    this.#paths--;
    return parent.addChild(name);
  }
}
