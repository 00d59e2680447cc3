import type { Tally } from '../drivers/tally.js';

/** Publishes one message and resolves when the system says that it has stored it. */
export type DurablePublisher = (payload: Uint8Array) => Promise<void>;

/** How the programs of a system's users publish what must not be lost, and read it again. */
export interface DurableDriver {
  connect(url: string): Promise<DurablePublisher>;
  /** Reads the first `count` messages that are stored and enters each in the tally. */
  replay(url: string, count: number, tally: Tally): Promise<void>;
}

/** The one subject of the durable cases, and the filter of the stream that captures it. */
export const DURABLE_SUBJECT = 'orders.eu.created';
export const DURABLE_FILTER = 'orders.>';
export const DURABLE_STREAM = 'orders';
