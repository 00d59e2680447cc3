import type { StartBroker } from './broker.js';

/** The bare relay of processes/relay.ts. */
export const startRawRelay: StartBroker = async (processes) => {
  const relay = processes.fork('relay');
  const { port } = await relay.ask<{ port: number }>('listen');
  return { pid: relay.pid, url: `ws://127.0.0.1:${port}` };
};
