import { faultsOf, type InputRule, rule } from '../../input-rules.js';
import { JSON_RULES } from '../../json-members.js';
import { EXPERIMENT_LIMITS } from './experiment-limits.js';

const { maxVariants, maxNameCharacters, maxServiceCharacters, maxSaltCharacters, maxKeyCharacters } =
  EXPERIMENT_LIMITS;

/** Everything that can be wrong with an experiment, by a name that stays. docs/experiments.md lists them. */
export const EXPERIMENT_RULES = {
  ...JSON_RULES,
  'name-form': rule('not a name', `1 to ${maxNameCharacters} letters, digits, _ or -`),
  'subject-form': rule('not a filter of subjects', 'a filter that does not begin with $'),
  'variant-count': rule('too few or too many variants', `1 to ${maxVariants} variants`),
  'variant-twice': rule('a variant that is there already', 'another name for each variant'),
  'not-a-range': rule('not a range of versions', 'a range such as ^1.2, ~1.2.3, >=1 <2 or *'),
  'service-form': rule('not a name of a worker group', `at most ${maxServiceCharacters} characters`),
  'weight-range': rule('not a weight', '0 to 100 with at most two decimals'),
  'weights-sum': rule('the weights do not sum to 100', '100 in all'),
  'key-form': rule(
    'not a key',
    `key, key-or-id, trace, header:NAME or payload:FIELD.PATH, with at most ${maxKeyCharacters} characters after the colon`,
  ),
  'salt-form': rule('not a salt', `1 to ${maxSaltCharacters} characters`),
  'unknown-variant': rule('no variant has this name', 'the name of a variant'),
  'percent-range': rule('not a share', '0 to 100 with at most two decimals'),
  'cyclic-mirror': rule(
    'the mirror leads back to where the request is',
    'a variant of another version or service, to which not all requests go anyway, and which is not mirrored back',
  ),
  'table-form': rule(
    'not the buckets of this experiment',
    'runs of buckets that give each variant its weight',
  ),
} as const satisfies Record<string, InputRule>;

export type ExperimentRuleId = keyof typeof EXPERIMENT_RULES;

/** The error of a wrong configuration; `where` is the path in its JSON. */
export const experimentFault = faultsOf<ExperimentRuleId>(EXPERIMENT_RULES);
