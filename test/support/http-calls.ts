import { request } from 'node:http';
import type { Broker } from '../../src/broker/index.js';
import { type Answer, ask } from './broker-http.js';

export const JSON_BODY: Readonly<Record<string, string>> = { 'Content-Type': 'application/json' };
export const BYTES_BODY: Readonly<Record<string, string>> = { 'Content-Type': 'application/octet-stream' };
export const EVENTS: Readonly<Record<string, string>> = { ...JSON_BODY, Accept: 'text/event-stream' };

/** A request over HTTP. JSON unless the headers say otherwise. */
export function call(
  { port }: Pick<Broker, 'port'>,
  target: string,
  body: string | Uint8Array = '{}',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask(port, `/v1/request/${target}`, { method: 'POST', headers: { ...JSON_BODY, ...headers }, body });
}

/** What an error says, with its status. */
export function errorOf({ status, body }: Answer): [status: number, code: string, message: string] {
  const { code, message } = JSON.parse(body) as { code: string; message: string };
  return [status, code, message];
}

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Events of a text, as a browser dispatches them. */
export function eventsOf(text: string): ServerEvent[] {
  const events = text.split('\n\n').map((block) => {
    const lines = block.split('\n').map((line) => /^([a-z]*): ?(.*)$/s.exec(line)!);
    const all = (name: string) => lines.filter((line) => line?.[1] === name).map(([, , value]) => value!);
    return { event: all('event').at(-1) ?? 'message', data: all('data').join('\n') };
  });
  return events.filter(({ data }) => data !== '');
}

/** An HTTP request whose answer is read only when told to, and that can go away. */
export class SlowReader {
  readonly #request;
  /** Bytes of the answer's body that have been read. */
  text = '';
  ended = false;

  constructor({ port }: Pick<Broker, 'port'>, subject: string, headers: Readonly<Record<string, string>>) {
    const options = { host: '127.0.0.1', port, path: `/v1/request/${subject}`, method: 'POST', headers };
    this.#request = request(options, (response) => {
      response.setEncoding('utf8');
      response.on('end', () => {
        this.ended = true;
      });
      this.#response = response;
      response.pause();
      if (this.#reads) this.read();
    });
    this.#request.on('error', () => undefined);
    this.#request.setHeader('Content-Length', 2);
    this.#request.end('{}');
  }

  #response: NodeJS.ReadableStream | undefined;
  #reads = false;

  /** Whether the head of the answer has come. */
  get begun(): boolean {
    return this.#response !== undefined;
  }

  read(): void {
    this.#reads = true;
    this.#response?.on('data', (chunk: string) => {
      this.text += chunk;
    });
    this.#response?.resume();
  }

  leave(): void {
    this.#request.destroy();
  }

  async close(): Promise<void> {
    this.leave();
  }
}
