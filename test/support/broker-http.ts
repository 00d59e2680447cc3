import { once } from 'node:events';
import { type Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Headers of a proper handshake. */
export const HANDSHAKE: Readonly<Record<string, string>> = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'modwire.v1',
};

/** One HTTP request; a switch of protocols is an answer like any other. */
export function ask(
  port: number,
  path: string,
  {
    method = 'GET',
    headers = {},
    body: sent,
    agent,
  }: {
    method?: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array;
    agent?: Agent;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, ...(agent && { agent }) });
    asked.on('error', reject);
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({
        status: response.statusCode!,
        reason: response.statusMessage!,
        headers: response.headers,
        body: '',
      });
    });
    asked.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          reason: response.statusMessage!,
          headers: response.headers,
          body,
        }),
      );
    });
    // Node.js would send the body of some methods without saying where it ends.
    if (sent !== undefined && !asked.hasHeader('Transfer-Encoding')) {
      asked.setHeader('Content-Length', Buffer.byteLength(sent));
    }
    asked.end(sent);
  });
}

/** A TCP connection that has sent a handshake and reads what comes. */
export async function rawHandshake(port: number, headers: Readonly<Record<string, string>>): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const lines = Object.entries({ Host: 'broker', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`);
  return socket;
}
