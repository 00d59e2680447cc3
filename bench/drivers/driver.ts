import type { Tally } from './tally.js';

/** A publisher's connection to one system, in the shape that publishing programs have. */
export interface PublisherLink {
  /** Publishes to SUBJECT; the system has taken the bytes, or keeps them until the event loop turns twice. False: call `ready` before going on. */
  publish(payload: Uint8Array): boolean;
  /** Resolves when the system can take more. */
  ready(): Promise<void>;
  /** Resolves when everything published has left this process and was taken. */
  flush(): Promise<void>;
}

/** How the programs of a system's users publish and subscribe: the part of publisher and subscriber that differs. */
export interface Driver {
  connectPublisher(url: string): Promise<PublisherLink>;
  /** Opens a connection of its own, subscribes to SUBJECT and enters every message in the tally. */
  subscribe(url: string, tally: Tally): Promise<void>;
}

/** The one subject of the throughput cases. */
export const SUBJECT = 'features.user.42';

export const PAYLOAD_BYTES = 256;
