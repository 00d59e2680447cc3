import type { ServerResponse } from 'node:http';
import type { HttpReply } from './http-message.js';

/** Sends an answer. `ended` is called once, when no more of its body will come. */
export function reply(response: ServerResponse, answer: HttpReply, ended: () => void): void {
  const { status, contentType, allow, headers, body, stream } = answer;
  const head = { 'Content-Type': contentType, ...(allow !== undefined && { Allow: allow }), ...headers };
  if (stream === undefined) {
    ended();
    response.writeHead(status, { ...head, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.on('close', ended);
  response.on('drain', () => stream.drained());
  if (response.closed) {
    ended();
    return;
  }
  response.writeHead(status, head);
  response.flushHeaders();
  stream.start({
    write: (bit) => response.closed || response.write(bit),
    end() {
      response.end();
    },
  });
}
