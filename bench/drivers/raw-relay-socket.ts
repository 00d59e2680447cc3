import { WebSocket } from 'ws';

/** Opens a socket with the settings that Modwire's client has on the loopback interface: nothing masked or compressed. */
export async function openRelaySocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    generateMask: (mask) => mask.fill(0),
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('close', () => {
    throw new Error('the relay closed the connection');
  });
  return socket;
}
