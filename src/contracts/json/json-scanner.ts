import type { ModwireError } from '../../errors.js';
import { ByteStack } from './byte-stack.js';
import { checkUtf8 } from './check-utf8.js';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  ESCAPES,
  isDigit,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  ZERO,
} from './json-characters.js';
import { decodeShort, notJson } from './json-text.js';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * Reads JSON text value by value as its caller asks for them, and builds nothing of its own: a text of a million empty
 * objects costs no memory, where JSON.parse in a worker with a bounded heap would bring the whole process down. Texts
 * that are no JSON are INVALID_ARGUMENT with the byte.
 */
export class JsonScanner {
  readonly #bytes: Uint8Array;
  readonly #unescaped = new ByteStack();
  #at = 0;
  /** The string read last: bytes `textStart` to `textEnd` of `text`. Valid until the next one is read. */
  text: Uint8Array;
  textStart = 0;
  textEnd = 0;

  constructor(bytes: Uint8Array) {
    checkUtf8(bytes);
    this.#bytes = bytes;
    this.text = bytes;
  }

  /** Place of the next value, to come back to it by `seek`. */
  get position(): number {
    this.#space();
    return this.#at;
  }

  seek(position: number): void {
    this.#at = position;
  }

  /** What the next value is. */
  kind(): JsonKind {
    this.#space();
    const byte = this.#bytes[this.#at];
    switch (byte) {
      case OPEN_BRACE:
        return 'object';
      case OPEN_BRACKET:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74:
      case 0x66:
        return 'boolean';
      case 0x6e:
        return 'null';
    }
    if (byte === MINUS || isDigit(byte)) return 'number';
    throw this.#syntax('a value');
  }

  /** Enters the object that comes next. Its first key, or undefined when it is empty. */
  firstKey(): string | undefined {
    this.#at++;
    this.#space();
    if (this.#skipped(CLOSE_BRACE)) return undefined;
    return this.#key();
  }

  /** After a value: the next key, or undefined at the end of the object. */
  nextKey(): string | undefined {
    this.#space();
    if (this.#skipped(CLOSE_BRACE)) return undefined;
    if (!this.#skipped(COMMA)) throw this.#syntax("',' or '}'");
    this.#space();
    return this.#key();
  }

  /** Enters the array that comes next. Whether it has an element. */
  firstElement(): boolean {
    this.#at++;
    this.#space();
    return !this.#skipped(CLOSE_BRACKET);
  }

  /** After an element: whether another one follows. */
  nextElement(): boolean {
    this.#space();
    if (this.#skipped(CLOSE_BRACKET)) return false;
    if (!this.#skipped(COMMA)) throw this.#syntax("',' or ']'");
    return true;
  }

  /** Reads the string that comes next into `text`. */
  string(): void {
    const bytes = this.#bytes;
    const start = ++this.#at;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        this.text = bytes;
        this.textStart = start;
        this.textEnd = at;
        return;
      }
      if (byte === BACKSLASH || byte < 0x20) {
        this.#escapedString(start, at);
        return;
      }
    }
    this.#at = bytes.length;
    throw this.#syntax("'\"'");
  }

  /** The string that comes next, decoded. */
  stringText(): string {
    this.string();
    return decodeShort(this.text, this.textStart, this.textEnd);
  }

  /** The number that comes next, as written. */
  number(): string {
    const bytes = this.#bytes;
    const start = this.#at;
    this.#skipped(MINUS);
    if (!this.#skipped(ZERO)) this.#digits();
    if (this.#skipped(0x2e)) this.#digits();
    const exponent = bytes[this.#at];
    if (exponent === 0x65 || exponent === 0x45) {
      this.#at++;
      if (!this.#skipped(MINUS)) this.#skipped(0x2b);
      this.#digits();
    }
    return decodeShort(bytes, start, this.#at);
  }

  boolean(): boolean {
    const value = this.#bytes[this.#at] === 0x74;
    this.#word(value ? 'true' : 'false');
    return value;
  }

  null(): void {
    this.#word('null');
  }

  /** Passes over the next value; it is not looked at any closer than to find its end. */
  skip(): void {
    const kind = this.kind();
    if (kind === 'string') this.string();
    else if (kind === 'number') void this.number();
    else if (kind === 'boolean') void this.boolean();
    else if (kind === 'null') this.null();
    else this.#skipNested();
  }

  /** Nothing but space may follow. */
  end(): void {
    this.#space();
    if (this.#at < this.#bytes.length) throw this.#syntax('the end of the text');
  }

  #skipNested(): void {
    let depth = 0;
    do {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw this.#syntax("'}' or ']'");
      if (byte === QUOTE) {
        this.string();
        continue;
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
      this.#at++;
    } while (depth > 0);
  }

  #key(): string {
    if (this.#bytes[this.#at] !== QUOTE) throw this.#syntax("'\"'");
    const key = this.stringText();
    this.#space();
    if (!this.#skipped(0x3a)) throw this.#syntax("':'");
    return key;
  }

  /** The string from `start` on, of which nothing before `at` is escaped. */
  #escapedString(start: number, at: number): void {
    const bytes = this.#bytes;
    const out = this.#unescaped;
    out.drop(0);
    let copied = start;
    this.#at = at;
    for (;;) {
      const byte = bytes[this.#at];
      if (byte === undefined || byte < 0x20) throw this.#syntax("'\"' or an escaped character");
      if (byte !== QUOTE && byte !== BACKSLASH) {
        this.#at++;
        continue;
      }
      const to = out.push(this.#at - copied);
      out.bytes.set(bytes.subarray(copied, this.#at), to);
      this.#at++;
      if (byte === QUOTE) break;
      this.#escape(out);
      copied = this.#at;
    }
    this.text = out.bytes;
    this.textStart = 0;
    this.textEnd = out.length;
  }

  #escape(out: ByteStack): void {
    const letter = this.#bytes[this.#at] ?? 0;
    if (letter !== 0x75) {
      const meant = ESCAPES.get(letter);
      if (meant === undefined) throw this.#syntax('an escaped character');
      this.#at++;
      out.pushByte(meant);
      return;
    }
    let code = this.#hex();
    if (code >= 0xd800 && code <= 0xdfff) {
      const paired =
        code < 0xdc00 && this.#bytes[this.#at] === BACKSLASH && this.#bytes[this.#at + 1] === 0x75;
      const low = paired ? this.#hex(1) : 0;
      if (low < 0xdc00 || low > 0xdfff) throw this.#syntax('both halves of a surrogate pair');
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    out.pushUtf8(code);
  }

  /** Four digits after a `u` that is `ahead` bytes ahead. */
  #hex(ahead = 0): number {
    const start = this.#at + ahead + 1;
    let code = 0;
    for (let at = start; at < start + 4; at++) {
      const digit = Number.parseInt(String.fromCharCode(this.#bytes[at] ?? 0), 16);
      this.#at = at;
      if (Number.isNaN(digit)) throw this.#syntax('four hexadecimal digits');
      code = (code << 4) | digit;
    }
    this.#at++;
    return code;
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.#at])) throw this.#syntax('a digit');
    while (isDigit(this.#bytes[this.#at])) this.#at++;
  }

  #word(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at + index] !== word.charCodeAt(index)) throw this.#syntax(word);
    }
    this.#at += word.length;
  }

  #skipped(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }

  #syntax(expected: string): ModwireError {
    return notJson(this.#bytes, this.#at, expected);
  }
}
