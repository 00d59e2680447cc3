/** `modwire/broker`: the broker inside a process of yours. `modwire serve` runs the same. */
import { startWorkerPool } from '../workers/worker-pool.js';
import { Broker } from './broker.js';
import type { BrokerStats } from './broker-stats.js';
import { chooseTransport } from './choose-transport.js';
import { type KeptState, openKept } from './kept-state.js';
import { type BrokerOptions, DEFAULT_PORT, resolveBrokerOptions } from './options.js';

export { ModwireError } from '../errors.js';
export { type BrokerEventName, type BrokerEvents, listen } from '../events.js';
export { BROKER_LIMITS, DEFAULT_LIMITS, type Limits } from '../limits.js';
export { type Broker, type BrokerOptions, type BrokerStats, DEFAULT_PORT };

/**
 * Starts a broker and resolves when it listens. Throws INVALID_ARGUMENT for options that are not valid, UNAVAILABLE
 * when the address or the transport cannot be had, FAILED_PRECONDITION when what it keeps cannot be opened.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const resolved = resolveBrokerOptions(options);
  const createTransport = await chooseTransport(resolved.transport, (text) =>
    process.emitWarning(text, { type: 'ModwireWarning', code: 'MODWIRE_TRANSPORT' }),
  );
  const { limits } = resolved;
  const work = startWorkerPool({
    threads: limits.workerThreads,
    maxQueue: limits.maxWorkerTasks,
    taskMs: limits.workerTaskMs,
    maxWorkerBytes: limits.maxWorkerBytes,
  });
  let kept: KeptState;
  try {
    kept = await openKept(resolved, work);
  } catch (thrown) {
    await work.close();
    throw thrown;
  }
  const broker = new Broker(resolved, createTransport, kept, work);
  await broker.listen();
  return broker;
}
