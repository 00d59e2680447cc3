/// <reference lib="esnext.disposable" preserve="true" />
// For projects that have no Symbol.asyncDispose among their own declarations.
import { onAbort } from '../abort.js';
import type { CallContext } from './call-context.js';
import { checkConcurrency, type ServeTerms } from './serve-options.js';

/** What a service needs of its client. @internal */
export interface ServiceHost {
  /** Tells the broker how much it can do. */
  readonly changed: (service: Service) => void;
  readonly drain: (service: Service) => Promise<void>;
  /** Ending it failed, and nobody waits for that. */
  readonly failed: (thrown: unknown) => void;
}

/** How able a worker is. What is left out stays as it is. */
export interface ServiceCapacity {
  /** Requests that it takes at once, from 1. */
  readonly concurrency?: number;
  /** False: it takes no requests for now. */
  readonly ready?: boolean;
}

/** A subject, or those of a filter, that this client serves, over all its connections. */
export class Service {
  /** @internal */ readonly number: number;
  /** @internal */ readonly terms: ServeTerms;
  /** Whether the broker has ever accepted it. @internal */ accepted = false;
  /** @internal */ readonly waiting: CallContext[] = [];
  /** @internal */ running = 0;
  /** @internal */ filling = false;
  readonly #host: ServiceHost;
  #concurrency: number;
  #ready = true;
  #draining: Promise<void> | undefined;
  #offAbort = () => {};

  /** @internal */
  constructor(number: number, terms: ServeTerms, host: ServiceHost) {
    this.number = number;
    this.terms = terms;
    this.#host = host;
    this.#concurrency = terms.concurrency;
  }

  /** The subject or filter. */
  get subject(): string {
    return this.terms.filter;
  }

  /** Empty for the group without a name. */
  get group(): string {
    return this.terms.group;
  }

  /** Empty when it has none. */
  get version(): string {
    return this.terms.version;
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Requests that it has not answered. */
  get underWay(): number {
    return this.running + this.waiting.length;
  }

  /** Whether it takes no more requests, for good. */
  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /** Tells the broker that it can do more or less from now on. What is under way goes on. */
  capacity({ concurrency = this.#concurrency, ready = this.#ready }: ServiceCapacity): void {
    checkConcurrency(concurrency);
    this.#concurrency = concurrency;
    this.#ready = ready;
    this.#host.changed(this);
  }

  /** Takes no more requests, and resolves when those that it has are answered. No call is lost by it. */
  drain(): Promise<void> {
    this.#draining ??= this.#host.drain(this);
    return this.#draining;
  }

  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /** Drains it when the signal fires. @internal */
  drainOn(signal: AbortSignal | undefined): void {
    this.#offAbort = onAbort(signal, () => {
      this.drain().catch(this.#host.failed);
    });
  }

  /** It is served no longer. @internal */
  end(): void {
    this.#draining ??= Promise.resolve();
    this.#offAbort();
  }
}
