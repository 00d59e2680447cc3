import { checkFilter, isReserved } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import { elementsOf, membersOf, numberOf, type Place, shown, textOf } from '../json-members.js';
import { VersionRange } from '../version-range.js';
import {
  type Assign,
  type Experiment,
  HUNDREDTHS,
  hundredthsOf,
  type Mirror,
  type Variant,
} from './experiment.js';
import { EXPERIMENT_LIMITS } from './experiment-limits.js';
import { type ExperimentRuleId, experimentFault } from './experiment-rules.js';
import { parseKeySource } from './key-source.js';

const { maxVariants, maxNameCharacters, maxServiceCharacters, maxSaltCharacters } = EXPERIMENT_LIMITS;

const NAME = new RegExp(`^[A-Za-z0-9_-]{1,${maxNameCharacters}}$`);

/**
 * The experiment that a value of JSON describes, with what it leaves out: its key is `key`, its salt its name. Throws
 * INVALID_ARGUMENT that names the path in the JSON, below `where`, and one of EXPERIMENT_RULES.
 */
export function readExperiment(value: unknown, where = ''): Experiment {
  const members = membersOf(
    { value, where },
    ['name', 'subject', 'variants', 'default'],
    ['assign', 'mirror'],
  );
  const name = nameOf(members.name);
  const subject = subjectOf(members.subject);
  const variants = variantsOf(members.variants);
  const assign = members.assign === undefined ? { key: 'key', salt: name } : assignOf(members.assign, name);
  const mirror = members.mirror === undefined ? undefined : mirrorOf(members.mirror, variants);
  const { name: byDefault } = variantNamed(members.default, variants);
  return { name, subject, variants, assign, ...(mirror !== undefined && { mirror }), default: byDefault };
}

function nameOf(place: Place): string {
  const name = textOf(place);
  if (NAME.test(name)) return name;
  throw experimentFault('name-form', place.where, { got: shown(name) });
}

function subjectOf(place: Place): string {
  const subject = textOf(place);
  if (isReserved(subject)) throw experimentFault('subject-form', place.where, { got: shown(subject) });
  translated('subject-form', place.where, () => checkFilter(subject));
  return subject;
}

function variantsOf(place: Place): Variant[] {
  const places = elementsOf(place);
  if (places.length < 1 || places.length > maxVariants) {
    throw experimentFault('variant-count', place.where, { got: String(places.length) });
  }
  const variants = places.map(variantOf);
  variants.forEach(({ name }, index) => {
    if (variants.findIndex((other) => other.name === name) === index) return;
    throw experimentFault('variant-twice', `${places[index]!.where}.name`, { got: name });
  });
  const sum = variants.reduce((total, { weight }) => total + hundredthsOf(weight), 0);
  if (sum === HUNDREDTHS) return variants;
  throw experimentFault('weights-sum', place.where, { got: String(sum / 100) });
}

function variantOf(place: Place): Variant {
  const members = membersOf(place, ['name', 'weight'], ['version', 'service']);
  const name = nameOf(members.name);
  const version = members.version === undefined ? undefined : rangeOf(members.version);
  const service = members.service === undefined ? undefined : serviceOf(members.service);
  return {
    name,
    ...(version !== undefined && { version }),
    ...(service !== undefined && { service }),
    weight: percentOf('weight-range', members.weight),
  };
}

function rangeOf(place: Place): string {
  const range = textOf(place);
  translated('not-a-range', place.where, () => new VersionRange(range));
  return range;
}

function serviceOf(place: Place): string {
  const service = textOf(place);
  if (service.length <= maxServiceCharacters) return service;
  throw experimentFault('service-form', place.where, { got: `${service.length} characters` });
}

/** Counted in hundredths, so that sums are exact. */
function percentOf(rule: ExperimentRuleId, place: Place): number {
  const percent = numberOf(place);
  const read = hundredthsOf(percent) / 100;
  // Also false for NaN. The nearest number with two decimals is what JSON makes of those decimals.
  if (percent >= 0 && percent <= 100 && read === percent) return Math.abs(percent);
  throw experimentFault(rule, place.where, { got: shown(percent) });
}

function assignOf(place: Place, name: string): Assign {
  const members = membersOf(place, [], ['key', 'salt']);
  const key = members.key === undefined ? 'key' : keyOf(members.key);
  return { key, salt: members.salt === undefined ? name : saltOf(members.salt) };
}

function keyOf(place: Place): string {
  const key = textOf(place);
  if (parseKeySource(key) !== undefined) return key;
  throw experimentFault('key-form', place.where, { got: shown(key) });
}

function saltOf(place: Place): string {
  const salt = textOf(place);
  // Halves of surrogate pairs would all be the same in UTF-8.
  if (salt !== '' && salt.length <= maxSaltCharacters && !/\p{Surrogate}/u.test(salt)) return salt;
  throw experimentFault('salt-form', place.where, { got: shown(salt) });
}

function mirrorOf(place: Place, variants: readonly Variant[]): Mirror {
  const members = membersOf(place, ['variant', 'percent']);
  const target = variantNamed(members.variant, variants);
  const { where } = members.variant;
  if (target.weight === 100) {
    throw experimentFault('cyclic-mirror', where, { got: `${target.name}, which gets all requests` });
  }
  if (target.version === undefined && target.service === undefined) {
    throw experimentFault('cyclic-mirror', where, { got: `${target.name}, which may be any worker` });
  }
  return { variant: target.name, percent: percentOf('percent-range', members.percent) };
}

function variantNamed(place: Place, variants: readonly Variant[]): Variant {
  const name = textOf(place);
  const found = variants.find((variant) => variant.name === name);
  if (found !== undefined) return found;
  const expected = `one of ${variants.map((variant) => variant.name).join(', ')}`;
  throw experimentFault('unknown-variant', place.where, { expected, got: shown(name) });
}

/** What another check says, by this rule and at this place. */
function translated(rule: ExperimentRuleId, where: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ModwireError)) throw error;
    const { expected, got } = error.detail;
    throw experimentFault(rule, where, {
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
    });
  }
}
