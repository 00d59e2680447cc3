import { Registry } from '../registry/registry.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import { Experiments } from './experiments/experiments.js';
import type { ResolvedBrokerOptions } from './options.js';
import { putInForce } from './rollouts/rollout-experiment.js';
import { type KeptRollout, RolloutFile } from './rollouts/rollout-file.js';
import { openStreamHome, type StreamHome } from './streams/stream-home.js';

/** What outlives a broker in its data directory, where it has one. */
export interface KeptState {
  readonly registry: Registry;
  readonly streamHome: StreamHome;
  readonly experiments: Experiments;
  readonly rolloutFile: RolloutFile;
  /** What was there at the start. */
  readonly keptRollouts: readonly KeptRollout[];
}

/** Throws FAILED_PRECONDITION when it cannot be opened; nothing of it is open then. */
export async function openKept(
  { limits, dataDir }: Pick<ResolvedBrokerOptions, 'limits' | 'dataDir'>,
  work: WorkerPool,
): Promise<KeptState> {
  const registry = await Registry.open({ ...(dataDir !== '' && { directory: dataDir }), work, limits });
  try {
    const experiments = await Experiments.open({ directory: dataDir, registry, limits });
    const rolloutFile = new RolloutFile(dataDir, () => registry.checkOwned());
    const keptRollouts = await rolloutFile.read();
    putInForce(keptRollouts, experiments);
    const streamHome = await openStreamHome(dataDir);
    return { registry, streamHome, experiments, rolloutFile, keptRollouts };
  } catch (thrown) {
    await registry.close();
    throw thrown;
  }
}

/** Resolves when the changes asked for are done. The registry goes last: the directory is locked until then. */
export async function closeKept({ registry, experiments }: KeptState): Promise<void> {
  await experiments.close();
  await registry.close();
}
