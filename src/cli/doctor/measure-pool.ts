import { DEFAULT_LIMITS } from '../../limits.js';
import { kernels } from '../../native/kernels.js';
import { measureOffloadBytes } from '../../workers/measure-offload.js';
import { startWorkerPool } from '../../workers/worker-pool.js';

/**
 * From what size on a payload is verified by the worker pool, as a broker measures it for itself. Bytes. Rejects when
 * the verifier that was asked for cannot be had, or the pool does not work.
 */
export async function measurePool(): Promise<number> {
  const { verifier } = kernels();
  const { maxWorkerTasks, workerTaskMs, maxWorkerBytes } = DEFAULT_LIMITS;
  const pool = startWorkerPool({
    ...{ threads: 1, maxQueue: maxWorkerTasks, taskMs: workerTaskMs, maxWorkerBytes },
  });
  try {
    return await measureOffloadBytes(pool, verifier);
  } finally {
    await pool.close();
  }
}
