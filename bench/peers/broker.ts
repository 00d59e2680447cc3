import type { ProcessGroup } from '../process-group.js';

/** A system's server, ready for connections. */
export interface Broker {
  readonly url: string;
  readonly pid: number;
}

export type StartBroker = (processes: ProcessGroup) => Promise<Broker>;
