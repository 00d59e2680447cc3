import { ModwireError } from '../errors.js';
import { Contract, type ContractDefinition } from './contract.js';
import { type TableObject, tableNameOf } from './table-class.js';

/**
 * Ties a contract's name and schema to the code that flatc generated for it. Throws INVALID_ARGUMENT for arguments of the
 * wrong kind; what is wrong inside the schema shows when it is first used.
 */
export function defineContract<Value extends TableObject>(
  definition: ContractDefinition<Value>,
): Contract<Value> {
  const { name, schema, root, rootName } = definition;
  if (typeof name !== 'string' || name === '') throw invalid('name', 'a name', JSON.stringify(name));
  if (!(schema instanceof Uint8Array)) throw invalid('schema', 'the bytes of a .bfbs', typeof schema);
  if (tableNameOf(root) === undefined) {
    throw invalid('root', "flatc's class of a table, such as Order with getRootAsOrder", typeof root);
  }
  return new Contract({ name, schema, root, ...(rootName !== undefined && { rootName }) });
}

function invalid(what: string, expected: string, got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what: `${what} of a contract is not valid`, expected, got });
}
