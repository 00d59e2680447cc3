import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ModwireError } from '../../src/errors.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import type { RegistryLimits } from '../../src/registry/contract-records.js';
import { Registry } from '../../src/registry/registry.js';
import { InlineWork } from '../../src/workers/inline-work.js';

/** A directory that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'modwire-registry-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A registry, in memory without a directory; closed after the test. */
export async function openRegistry(
  directory?: string,
  limits: Partial<RegistryLimits> = {},
): Promise<Registry> {
  const registry = await Registry.open({
    ...(directory !== undefined && { directory }),
    work: new InlineWork(),
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  onTestFinished(() => registry.close());
  return registry;
}

/** The error of the table that a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<ModwireError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof ModwireError) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal');
}

/** All that a registry answers, for comparing two of them. */
export function contentsOf(registry: Registry): unknown {
  const contracts = registry.contracts().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const ids = new Set(contracts.flatMap(({ versions }) => versions.map(({ schemaId }) => schemaId)));
  return {
    contracts,
    schemas: [...ids].sort().map((id) => {
      const { bfbs, compiled } = registry.schema(id)!;
      return { id, bfbs: Buffer.from(bfbs).toString('hex'), root: compiled.rootName };
    }),
  };
}
