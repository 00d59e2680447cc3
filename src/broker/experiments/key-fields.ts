import { filtersOverlap, hasWildcard } from '../../codec/subject.js';
import { fieldPath } from '../../contracts/field-path.js';
import { PayloadKey } from '../../contracts/payload-key.js';
import { ModwireError } from '../../errors.js';
import type { Registry } from '../../registry/registry.js';
import type { Experiment } from '../../routing/experiments/experiment.js';
import { parseKeySource } from '../../routing/experiments/key-source.js';

/** Where an experiment says what its key is. */
const WHERE = 'assign.key';

/**
 * Throws INVALID_ARGUMENT (`field-not-in-contract`) when an experiment has its key in a field of payloads, and its subject is
 * bound to no contract for requests, or to one whose latest version does not have that field. Of a filter all contracts
 * count that some of its subjects may be bound to.
 */
export function checkKeyField({ assign, subject }: Experiment, registry: Registry): void {
  const source = parseKeySource(assign.key);
  if (source?.from !== 'payload') return;
  const contracts = contractsOf(subject, registry);
  if (contracts.length === 0) throw withoutContract(`subject ${subject} is bound to none`);
  for (const name of contracts) {
    const latest = registry.contract(name)?.versions.findLast(({ deleted }) => !deleted);
    if (latest === undefined) throw withoutContract(`${name}, which has no version`);
    const { schema, root } = registry.schema(latest.schemaId)!.compiled;
    fieldPath(schema, root, source.path, `${WHERE}, ${name}@${latest.version}`);
  }
}

/** How to read a field of payloads of a version of a contract; null when that is none, or does not have it. */
export function payloadKeyOf(
  registry: Registry,
  contract: string,
  schemaId: string,
  path: string,
): PayloadKey | null {
  const schema = registry.acceptedVersion(contract, schemaId) && registry.schema(schemaId);
  if (schema === undefined) return null;
  try {
    return new PayloadKey(fieldPath(schema.compiled.schema, schema.compiled.root, path, WHERE));
  } catch (thrown) {
    // Another version than the one that the experiment was checked against.
    if (thrown instanceof ModwireError) return null;
    throw thrown;
  }
}

function contractsOf(subject: string, registry: Registry): readonly string[] {
  if (!hasWildcard(subject)) {
    const binding = registry.bindingOf(subject, 'request');
    return binding === undefined ? [] : [binding.contract];
  }
  const bindings = registry
    .bindings()
    .filter(({ pattern, use }) => use === 'request' && filtersOverlap(pattern, subject));
  return [...new Set(bindings.map(({ contract }) => contract))];
}

function withoutContract(got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'the field is not in the contract [field-not-in-contract]',
    ...{ expected: 'a subject whose requests are bound to a contract', got, where: WHERE },
    advice: 'bind it with modwire contracts bind --use request, or take the key from elsewhere',
  });
}
