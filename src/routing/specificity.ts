import { ANY_TAIL, ANY_TOKEN } from '../codec/subject.js';

/** Of two patterns that select one subject: token by token from the left, a word before `*` before `>`. */
export function isMoreSpecific(pattern: string, other: string): boolean {
  const tokens = pattern.split('.');
  const others = other.split('.');
  for (let index = 0; index < tokens.length && index < others.length; index++) {
    const difference = rankOf(tokens[index]!) - rankOf(others[index]!);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function rankOf(token: string): number {
  if (token === ANY_TAIL) return 2;
  return token === ANY_TOKEN ? 1 : 0;
}
