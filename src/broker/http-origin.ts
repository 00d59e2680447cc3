import { ModwireError } from '../errors.js';
import type { HttpReply, HttpRequest } from './http-message.js';

/** An origin as browsers send it; the JSON Schema of the configuration says the same to editors. */
export const ORIGIN_PATTERN = '^([a-zA-Z][a-zA-Z0-9+.-]*://[^\\s/?#@,*]+|\\*)$';

/** Stands for every origin. */
const ANY_ORIGIN = '*';

/** Where a request says that it comes from and goes to; empty for what it does not say. */
export type RequestOrigin = Readonly<Record<'origin' | 'host', string>>;

/** Whether a text names an origin, `https://app.example:8443`, or is `*` for all. */
export function isOrigin(text: unknown): text is string {
  if (typeof text !== 'string' || !new RegExp(ORIGIN_PATTERN).test(text)) return false;
  return text === ANY_ORIGIN || parse(text) !== undefined;
}

/**
 * Whom the broker listens to: programs, which say no origin, pages that its own host serves, and those of the origins that it
 * was given. Browsers connect WebSockets for any page, and send some requests without asking first: they reach brokers that
 * nobody else outside does.
 */
export class AllowedOrigins {
  readonly #anyone: boolean;
  readonly #origins: ReadonlySet<string>;

  /** Each as `isOrigin` has it. */
  constructor(origins: readonly string[]) {
    this.#anyone = origins.includes(ANY_ORIGIN);
    this.#origins = new Set(origins.filter((one) => one !== ANY_ORIGIN).map((one) => nameOf(parse(one)!)));
  }

  /** Throws PERMISSION_DENIED for a request that changes something, from a page that may not. */
  check({ method, headers }: Pick<HttpRequest, 'method' | 'headers'>): void {
    if (method !== 'GET' && method !== 'HEAD' && !this.#includes(headers)) throw refused(headers);
  }

  /** What answers a WebSocket handshake of a page that may not connect. */
  refuseHandshake(from: RequestOrigin): HttpReply | undefined {
    if (this.#includes(from)) return undefined;
    const { code, message, row } = refused(from);
    return { status: row.httpStatus, contentType: 'text/plain', body: `${code}: ${message}\n` };
  }

  #includes({ origin, host }: RequestOrigin): boolean {
    if (origin === '' || this.#anyone) return true;
    const page = parse(origin);
    if (page === undefined) return false;
    // With the page's scheme, whose port either of them may leave out.
    const isOwn = host !== '' && page.host === parse(`${page.protocol}//${host}`)?.host;
    return isOwn || this.#origins.has(nameOf(page));
  }
}

/** Without the port that its scheme has by itself. */
function nameOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** Undefined for what names no host. */
function parse(url: string): URL | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.host === '' ? undefined : parsed;
}

function refused({ origin }: RequestOrigin): ModwireError {
  return new ModwireError('PERMISSION_DENIED', {
    what: 'a page of another origin',
    expected: 'a program, a page that this host serves, or one of allowedOrigins',
    got: JSON.stringify(origin),
    advice: 'add it to allowedOrigins, or ask through a server of your own',
  });
}
