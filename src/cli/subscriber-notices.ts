import type { Client } from '../client/client.js';
import type { Gap } from '../client/client-events.js';
import { formatQuantity } from './config/quantity.js';
import type { Output } from './output/output.js';
import { printable, toJsonLine } from './output/printable.js';

const GAP_REASONS: Readonly<Record<Gap['reason'], string>> = {
  slow: 'this subscriber read too slowly',
  disconnected: 'the connection was down',
  queue: 'the queue was full',
  group: 'all members of the group who can read it read too slowly',
  sequence: 'the broker did not say why',
};

/** Writes what happens to a subscriber beside its messages: to standard error, as text or as JSON lines. */
export class SubscriberNotices {
  readonly #output: Output;
  readonly #json: boolean;

  constructor(output: Output, json: boolean) {
    this.#output = output;
    this.#json = json;
  }

  /** Listens until the returned function is called. */
  listen(client: Client): () => void {
    const offs = [
      client.on('gap', (gap) => this.#notice('gap', gap, gapText(gap))),
      client.on('slow', (slow) =>
        this.#notice(
          'slow',
          slow,
          `too slow: ${formatQuantity(slow.bufferedBytes, 'bytes')} wait in the broker`,
        ),
      ),
      client.on('goodbye', (goodbye) => this.#notice('goodbye', goodbye, `goodbye: ${goodbye.message}`)),
      client.on('disconnect', ({ code, detail }) =>
        this.#notice('disconnect', { code, detail }, `disconnected: ${detail || `close code ${code}`}`),
      ),
      client.on('reconnect', (reconnect) => this.#notice('reconnect', reconnect, 'connected again')),
      client.on('error', (error) => this.#notice('error', error, `${error.code}: ${error.message}`)),
    ];
    return () => {
      for (const off of offs) off();
    };
  }

  /** The broker has accepted all subscriptions: whatever is published from now on arrives. */
  subscribed(url: string, filters: readonly string[], group: string | undefined): void {
    const member = group === undefined ? '' : ` as a member of ${group}`;
    const text = `subscribed to ${filters.join(', ')}${member} at ${url}`;
    this.#notice('subscribed', { url, filters, group }, text);
  }

  #notice(name: string, detail: unknown, text: string): void {
    const { yellow } = this.#output.style;
    void this.#output.line(this.#json ? toJsonLine({ [name]: detail }) : yellow(printable(text)));
  }
}

function gapText({ subject, first, last, reason }: Gap): string {
  let range = `from #${first} on`;
  if (last !== 0) range = first === last ? `#${first}` : `#${first} to #${last}`;
  return `gap: ${subject} ${range} missed: ${GAP_REASONS[reason]}`;
}
