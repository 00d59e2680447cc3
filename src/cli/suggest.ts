import { nearest } from '../contracts/nearest.js';

export { nearest };

/** The same as advice for an error message. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  prefix = '',
): { advice: string } | undefined {
  const meant = nearest(word, candidates);
  return meant === undefined ? undefined : { advice: `did you mean ${prefix}${meant}?` };
}
