import { type ErrorDetail, ModwireError } from '../errors.js';

/** A schema that contradicts itself or FlatBuffers. `where` is a place in it: `shop.Order.items`. */
export function invalidSchema(where: string, detail: Omit<ErrorDetail, 'where'>): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { ...detail, where: where === '' ? 'schema' : where });
}

export function schemaTooLarge(where: string, what: string, got: number, bound: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: `the schema has too many or too large ${what}`,
    expected: `at most ${bound}`,
    got: String(got),
    where: where === '' ? 'schema' : where,
    advice: 'split the schema',
  });
}
