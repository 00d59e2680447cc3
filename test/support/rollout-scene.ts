import { setTimeout as delay } from 'node:timers/promises';
import type { RolloutDetails } from '../../src/broker/rollouts/rollout-info.js';
import type { Client, ModwireError } from '../../src/index.js';
import { ask } from './broker-http.js';
import { JSON_BODY } from './http-calls.js';

/** A canary that is over in some seconds. */
export const QUICK_CANARY = {
  ...{ name: 'scorer-2', subject: 'models.score', stable: '^1.0.0', candidate: '^2.0.0' },
  ...{ strategy: 'canary', steps: [20, 50, 100], holdMs: 500, minRequests: 20 },
  gates: { maxErrorRate: 0.05, windowMs: 5_000 },
} as const;

type Plan = Readonly<Record<string, unknown>>;

/** The rollouts of a broker, over HTTP. */
export class RolloutsOverHttp {
  readonly #port: number;

  constructor({ port }: { readonly port: number }) {
    this.#port = port;
  }

  /** Status, and what the body says. */
  async ask<Value = RolloutDetails>(
    method: string,
    path = '',
    body?: unknown,
  ): Promise<readonly [status: number, value: Value]> {
    const sent = body === undefined ? {} : { headers: JSON_BODY, body: JSON.stringify(body) };
    const answer = await ask(this.#port, `/v1/rollouts${path}`, { method, ...sent });
    return [answer.status, JSON.parse(answer.body) as Value];
  }

  async start(plan: Plan = QUICK_CANARY): Promise<RolloutDetails> {
    return this.#done('POST', '', plan);
  }

  show(name = QUICK_CANARY.name): Promise<RolloutDetails> {
    return this.#done('GET', `/${name}`);
  }

  command(word: string, said: unknown = {}, name = QUICK_CANARY.name): Promise<RolloutDetails> {
    return this.#done('POST', `/${name}/${word}`, said);
  }

  /** Status and code of what is refused. */
  async refusal(method: string, path: string, body?: unknown): Promise<[status: number, code: string]> {
    const [status, { code }] = await this.ask<{ code: string }>(method, path, body);
    return [status, code];
  }

  async #done(method: string, path: string, body?: unknown): Promise<RolloutDetails> {
    const [status, value] = await this.ask(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
    return value;
  }
}

export interface WorkerOptions {
  readonly subject?: string;
  readonly group?: string;
  /** Called before each reply; what it throws is the answer. */
  readonly before?: () => unknown;
}

/** Has a client serve a version, whose answers say which. */
export function serveVersion(client: Client, version: string, options: WorkerOptions = {}) {
  const { subject = QUICK_CANARY.subject, group = '', before } = options;
  return client.serve(subject, { version, group }, async () => {
    await before?.();
    return version;
  });
}

/** How a request ended: the version that answered, or the code of its error. */
export interface End {
  readonly key: string | undefined;
  readonly end: string;
}

/** Requests of a client, a few at a time until it is stopped; every second one has a key of `keys`. */
export class Traffic {
  readonly ends: End[] = [];
  readonly #client: Client;
  readonly #subject: string;
  readonly #done: Promise<void>;
  #stopped = false;
  #number = 0;

  constructor(client: Client, subject: string = QUICK_CANARY.subject) {
    this.#client = client;
    this.#subject = subject;
    this.#done = this.#run();
  }

  /** How many ended so. */
  count(end: string): number {
    return this.ends.filter((one) => one.end === end).length;
  }

  /** The others than versions. */
  get failures(): string[] {
    return this.ends.map(({ end }) => end).filter((end) => !/^\d/.test(end));
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await Promise.all([this.#request(), this.#request(), this.#request(), this.#request()]);
      await delay(5);
    }
  }

  async #request(): Promise<void> {
    const number = this.#number++;
    const key = number % 2 === 0 ? `user-${number % 1_000}` : undefined;
    this.ends.push({ key, end: await versionFor(this.#client, this.#subject, key) });
  }
}

/** The version that answers a request, or the code of its error. */
export async function versionFor(client: Client, subject: string, key: string | undefined): Promise<string> {
  try {
    const reply = await client.request(subject, {}, key === undefined ? {} : { key });
    return reply.json() as string;
  } catch (thrown) {
    return (thrown as ModwireError).code;
  }
}

/** Which version has each of so many keys. */
export async function versionsOf(client: Client, keys: number): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  for (let key = 0; key < keys; key++) {
    const name = `user-${key}`;
    versions.set(name, await versionFor(client, QUICK_CANARY.subject, name));
  }
  return versions;
}
