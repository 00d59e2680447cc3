import { WebSocket } from 'ws';
import { encodeControl, PROTOCOL_VERSION, SUBPROTOCOL } from '../../src/codec/index.js';

/** A client that says hello and then nothing more, not even goodbye. Resolves when the broker has welcomed it. */
export async function stubbornClient(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, SUBPROTOCOL);
  await new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  const welcome = new Promise((resolve) => socket.once('message', resolve));
  socket.send(
    encodeControl({ type: 'hello', protocol: PROTOCOL_VERSION, clientName: 'stubborn', clientVersion: '0' }),
  );
  await welcome;
  return socket;
}
