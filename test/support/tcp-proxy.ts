import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A network between clients and a server on this machine that can be cut: the server and its state live on while
 * clients lose their connections and cannot make new ones.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #whole = true;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      if (!this.#whole) {
        client.destroy();
        return;
      }
      this.#join(client, connect(targetPort, '127.0.0.1'));
    });
  }

  /** Listens on a port of its own. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open at this moment. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Breaks every connection, without a word to either side, and each one that is tried from now on. */
  cut(): void {
    this.#whole = false;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  restore(): void {
    this.#whole = true;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    for (const [here, there] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(here);
      here.setNoDelay(true);
      here.pipe(there);
      // Always followed by close.
      here.on('error', () => undefined);
      here.on('close', () => {
        this.#sockets.delete(here);
        there.destroy();
      });
    }
  }
}
