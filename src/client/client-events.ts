import type { MissedRange } from '../codec/control-message.js';
import { type ModwireError, toModwireError } from '../errors.js';

/** Why frames did not come. */
export type GapReason =
  /** This client read too slowly, and the broker let frames pass it by. */
  | 'slow'
  /** They were published while the connection was down. */
  | 'disconnected'
  /** A subscription's queue was full, and reading could not stop: an answer was awaited, or a browser cannot. */
  | 'queue'
  /** Of those who share them in a group, all who can read them read too slowly; told to one member. */
  | 'group'
  /** The sequence jumped without the broker having said why. */
  | 'sequence';

export interface Gap extends MissedRange {
  readonly reason: GapReason;
}

/** Frames that subscriptions of this client cannot read, and so do not get. */
export interface Unreadable {
  readonly subject: string;
  /** Of the frames, as hexadecimal digits; undefined when they carry none. */
  readonly schemaId: string | undefined;
  /** Of a subscription that would have got them. */
  readonly filter: string;
  /** For people. */
  readonly reason: string;
}

/** What a client tells its listeners. */
export interface ClientEvents {
  /** Frames of a subscribed subject that will not come, with their exact range; `last` 0 means that nobody knows. */
  gap: Gap;
  /** Frames of a schema that a subscription cannot read: told once for each subject and schema. */
  unreadable: Unreadable;
  /** The broker lets frames pass this client by, because it reads too slowly; gaps follow. */
  slow: { readonly bufferedBytes: number; readonly limitBytes: number };
  /** The connection is lost. */
  disconnect: { readonly code: number; readonly detail: string; readonly willReconnect: boolean };
  /** Connected again; a subscription that the broker refused this time was reported as an error. */
  reconnect: { readonly attempts: number };
  /** The broker is about to stop. What is published from now on waits for the next connection. */
  goodbye: { readonly message: string; readonly graceMs: number };
  /** Something was refused that nobody is waiting for, or a listener threw. */
  error: ModwireError;
  /** The client is closed for good. */
  close: undefined;
}

type Listener<Name extends keyof ClientEvents> = (event: ClientEvents[Name]) => void;

/** A typed emitter for Node.js and browsers. A listener that throws harms nobody else: it is told as an `error`. */
export class ClientEmitter {
  readonly #listeners: { [Name in keyof ClientEvents]?: Set<Listener<Name>> } = {};

  /** Listens until the returned function is called. */
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#of(name);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    const listeners = this.#of(name);
    if (name === 'error' && listeners.size === 0) {
      // An error that nobody listens to must not vanish.
      tellConsole(event as ModwireError);
    }
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (thrown) {
        const error = toModwireError(thrown);
        if (name === 'error') tellConsole(error);
        else this.emit('error', error);
      }
    }
  }

  #of<Name extends keyof ClientEvents>(name: Name): Set<Listener<Name>> {
    const listeners = this.#listeners as Record<Name, Set<Listener<Name>> | undefined>;
    listeners[name] ??= new Set();
    return listeners[name];
  }
}

function tellConsole(error: ModwireError): void {
  console.error(`modwire: ${error.message}`);
}
