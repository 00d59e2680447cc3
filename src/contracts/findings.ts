import { ModwireError } from '../errors.js';
import {
  COMPATIBILITY_RULES,
  type CompatibilityRule,
  type CompatibilityRuleId,
} from './compatibility-rules.js';
import type { Finding, Verdict } from './finding.js';

/** More differences between two schemas than this are refused: they are not versions of one thing. */
export const MAX_FINDINGS = 10_000;

/** Verdicts that a team may decide on for itself. */
export interface CompatibilityPolicy {
  /**
   * What a new member of a union means to old readers. They pass over a tag that they do not know, so that it is a
   * warning unless said otherwise.
   */
  readonly unionMemberAdded?: Verdict;
}

/** Gathers findings with the verdicts of their rules. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #policy: CompatibilityPolicy;

  constructor(policy: CompatibilityPolicy) {
    this.#policy = policy;
  }

  add(rule: CompatibilityRuleId, path: string, message: string): void {
    if (this.list.length >= MAX_FINDINGS) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'the schemas differ in too many places',
        expected: `at most ${MAX_FINDINGS}`,
        where: path,
      });
    }
    const { backward, forward, source, advice }: CompatibilityRule = COMPATIBILITY_RULES[rule];
    const decided = rule === 'union-member-added' ? (this.#policy.unionMemberAdded ?? forward) : forward;
    this.list.push({ rule, backward, forward: decided, source, path, message, advice });
  }
}

const SEVERITY: Readonly<Record<Verdict, number>> = { ok: 0, warning: 1, breaking: 2 };

/** The worst of all; ok of none. */
export function worst(verdicts: Iterable<Verdict>): Verdict {
  let found: Verdict = 'ok';
  for (const verdict of verdicts) if (SEVERITY[verdict] > SEVERITY[found]) found = verdict;
  return found;
}
