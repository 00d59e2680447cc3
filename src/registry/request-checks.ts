import { checkFilter, isReserved } from '../codec/subject.js';
import { COMPATIBILITY_LEVELS, type CompatibilityLevel } from '../contracts/compatibility-level.js';
import { ModwireError } from '../errors.js';
import { FRAME_USES, type FrameUse, type RegisterRequest, type RegistryLimits } from './contract-records.js';

/** References of one version. */
const MAX_REFERENCES = 64;

const NAME = /^[A-Za-z0-9._-]{1,128}$/;

/** Throws INVALID_ARGUMENT unless `name` may be a contract's. */
export function checkContractName(name: string): void {
  // The two that mean a folder vanish from paths of URLs.
  if (NAME.test(name) && name !== '.' && name !== '..') return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a name of a contract',
    expected: '1 to 128 letters, digits, dots, _ or -',
    got: JSON.stringify(name.length > 140 ? `${name.slice(0, 140)}…` : name),
  });
}

export function checkLevel(level: string): asserts level is CompatibilityLevel {
  if ((COMPATIBILITY_LEVELS as readonly string[]).includes(level)) return;
  throw notOneOf('compatibility level', COMPATIBILITY_LEVELS, level);
}

export function checkUse(use: string): asserts use is FrameUse {
  if ((FRAME_USES as readonly string[]).includes(use)) return;
  throw notOneOf('use of frames', FRAME_USES, use);
}

/** Throws INVALID_ARGUMENT unless subjects may be bound with this pattern. */
export function checkPattern(pattern: string): void {
  checkFilter(pattern);
  if (!isReserved(pattern)) return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'a pattern of reserved subjects',
    expected: 'one that does not begin with $',
    got: pattern,
  });
}

/** Throws for what is wrong with a request whatever is registered. */
export function checkRequest(
  { contract, bfbs, level, references = [] }: RegisterRequest,
  maxSchemaBytes: number,
): void {
  checkContractName(contract);
  if (level !== undefined) checkLevel(level);
  if (bfbs.length > maxSchemaBytes) {
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'the schema is too large',
      expected: `at most maxSchemaBytes = ${maxSchemaBytes}`,
      got: `${bfbs.length} bytes`,
      where: contract,
    });
  }
  if (references.length > MAX_REFERENCES) {
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'too many references',
      expected: `at most ${MAX_REFERENCES}`,
      got: String(references.length),
      where: contract,
    });
  }
  for (const reference of references) checkContractName(reference.contract);
}

/** Throws RESOURCE_EXHAUSTED, naming the limit, when `count` has reached it. */
export function checkRoom(what: string, limit: keyof RegistryLimits, count: number, bound: number): void {
  if (count < bound) return;
  throw new ModwireError('RESOURCE_EXHAUSTED', {
    what: `no room for more ${what}`,
    expected: `at most ${limit} = ${bound}`,
    got: 'one more',
  });
}

function notOneOf(what: string, all: readonly string[], got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: `not a ${what}`,
    expected: `one of ${all.join(', ')}`,
    got: JSON.stringify(String(got).slice(0, 40)),
  });
}
