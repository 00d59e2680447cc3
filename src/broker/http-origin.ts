import { ModwireError } from '../errors.js';
import type { HttpRequest } from './http-message.js';

/**
 * Throws PERMISSION_DENIED for a request that changes something and comes from a web page of another origin. Browsers
 * send some of those without asking first, and reach brokers that nobody else outside does.
 */
export function checkOrigin({ method, headers }: Pick<HttpRequest, 'method' | 'headers'>): void {
  const { origin, host } = headers;
  if (origin === '' || method === 'GET' || method === 'HEAD') return;
  const page = parse(origin);
  // With the page's scheme, whose port either of them may leave out.
  if (page !== undefined && host !== '' && page.host === parse(`${page.protocol}//${host}`)?.host) return;
  throw new ModwireError('PERMISSION_DENIED', {
    what: 'a page of another origin',
    expected: 'a program, or a page that this host serves',
    got: JSON.stringify(origin),
    advice: 'ask through a server of your own',
  });
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
