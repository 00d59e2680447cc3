const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in its strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Where a text stops being JSON: the offset of the first character that cannot stand there; undefined when all of it
 * is JSON. JSON.parse says so in some cases and versions only.
 */
export function jsonErrorOffset(text: string): number | undefined {
  const scanner = new Scanner(text);
  const whole = scanner.value() && scanner.at === text.length;
  return whole ? undefined : scanner.at;
}

/** Moves `at` over what is right; every method returns false where something is wrong, with `at` in front of it. */
class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(): boolean {
    this.#skip(SPACE);
    let right: boolean;
    if (this.#is('{')) right = this.#list('}', () => this.#skip(STRING) && this.#colon() && this.value());
    else if (this.#is('[')) right = this.#list(']', () => this.value());
    else right = this.#skip(STRING) || this.#skip(SCALAR);
    return right && this.#skip(SPACE);
  }

  #list(end: string, item: () => boolean): boolean {
    this.at++;
    this.#skip(SPACE);
    while (!this.#is(end)) {
      if (!item()) return false;
      if (this.#is(end)) break;
      if (!this.#is(',')) return false;
      this.at++;
      this.#skip(SPACE);
      // Nothing may stand between a comma and the end.
      if (this.#is(end)) return false;
    }
    this.at++;
    return true;
  }

  #colon(): boolean {
    this.#skip(SPACE);
    if (!this.#is(':')) return false;
    this.at++;
    return true;
  }

  #is(character: string): boolean {
    return this.#text[this.at] === character;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.test(this.#text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }
}
