import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PageServer {
  /** Where the page is: on this machine, over HTTP. */
  readonly url: string;
  /** What browsers say that the page's requests come from. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves a page that runs one script. */
export async function servePage(script: string): Promise<PageServer> {
  const files: Record<string, [type: string, text: string]> = {
    '/': ['text/html', '<!doctype html><title>Modwire</title><script src="/page.js"></script>'],
    '/page.js': ['text/javascript', script],
  };
  const server = createServer((request, response) => {
    const [type, text] = files[request.url ?? ''] ?? ['text/plain', ''];
    response.writeHead(text === '' ? 404 : 200, { 'content-type': `${type}; charset=utf-8` });
    response.end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/`,
    origin,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
