import { type ErrorDetail, ModwireError } from './errors.js';

/** What can be wrong with input, and what it has to be. */
export interface InputRule {
  /** One short sentence without a full stop. */
  readonly wrong: string;
  readonly expected: string;
}

export function rule(wrong: string, expected: string): InputRule {
  return { wrong, expected };
}

/** INVALID_ARGUMENT by the name of the rule that is broken; `where` is the path in the input. */
export type Fault<Id extends string> = (
  id: Id,
  where: string,
  detail?: Pick<ErrorDetail, 'expected' | 'got' | 'advice'>,
) => ModwireError;

/** Makes the errors of a table of rules. */
export function faultsOf<Id extends string>(rules: Readonly<Record<Id, InputRule>>): Fault<Id> {
  return (id, where, detail = {}) => {
    const { wrong, expected } = rules[id];
    return new ModwireError('INVALID_ARGUMENT', { what: `${wrong} [${id}]`, expected, ...detail, where });
  };
}
