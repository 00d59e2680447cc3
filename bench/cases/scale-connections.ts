import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchCase } from '../bench-case.js';
import { startBroker } from '../peers/index.js';
import { openFilesLimit, procUnavailable, residentBytes } from '../proc.js';

const CONNECTIONS = 5_000;
/** Fewer would drown in what the broker's heap does by itself. */
const LEAST_CONNECTIONS = 500;
/** Connections that are there before: they pay for code and buffers that all share. */
const FIRST_CONNECTIONS = 200;
/** Files that a process has open beside its connections, generously. */
const OTHER_FILES = 100;
/** Time for the broker to come to rest. Milliseconds. */
const REST_MS = 1_000;

export const scaleIdleConnections: BenchCase = {
  name: 'scale-idle-connections',
  about: `memory of the broker for one more client that is connected and silent, over ${CONNECTIONS} of them`,
  metrics: [{ name: 'memory', unit: 'bytes/connection', better: 'lower' }],
  systems: ['modwire'],
  ceilings: { memory: 12 * 1024 },
  unavailable: () => {
    const reason = procUnavailable();
    if (reason !== undefined || possibleConnections() >= LEAST_CONNECTIONS) return reason;
    return `it needs ${LEAST_CONNECTIONS} connections, and 'ulimit -n' allows ${openFilesLimit()} open files`;
  },
  async run(_system, { processes }) {
    const { url, pid } = await startBroker('modwire', processes);
    const clients = processes.fork('scale-subscriber');
    await clients.ask('hold', { url, connections: FIRST_CONNECTIONS, filtersEach: 0 });
    await sleep(REST_MS);
    const before = residentBytes(pid);
    const connections = possibleConnections();
    await clients.ask('hold', { url, connections, filtersEach: 0 });
    await sleep(REST_MS);
    return { memory: (residentBytes(pid) - before) / connections };
  },
};

function possibleConnections(): number {
  return Math.min(CONNECTIONS, openFilesLimit() - FIRST_CONNECTIONS - OTHER_FILES);
}
