import type { DurableDriver } from './durable-driver.js';

/** The systems of the durable cases. Each is loaded only by the processes that use it. */
const DRIVERS: Readonly<Record<string, () => Promise<DurableDriver>>> = {
  modwire: async () => (await import('./modwire.js')).modwireDurable,
  jetstream: async () => (await import('./jetstream.js')).jetstreamDurable,
};

/** The driver that the process was started with. */
export async function durableDriverFromArguments(): Promise<DurableDriver> {
  const name = process.argv[2] ?? '';
  const load = DRIVERS[name];
  if (load === undefined)
    throw new Error(`no driver '${name}'; there are ${Object.keys(DRIVERS).join(', ')}`);
  return load();
}
