/** The candidate that was probably meant by `word`; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    // The beginning of a long name counts as near, however much is missing: nearer the less it is.
    const begins = word.length >= 3 && candidate.startsWith(word);
    const missing = 1 - word.length / candidate.length;
    const distance = begins ? missing : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && (begins || distance <= tolerance(word))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function tolerance(word: string): number {
  return Math.max(1, Math.floor(word.length / 3));
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
