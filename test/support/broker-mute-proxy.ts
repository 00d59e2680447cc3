import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between clients and a broker, and can fall silent: connections stay open, and nothing goes through them. */
export class MuteProxy {
  readonly #server: Server;
  /** Every end of a connection, and the other end of what goes through it. */
  readonly #sockets = new Map<Socket, Socket>();
  /** Connections made so far. */
  connections = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      this.connections++;
      const server = connect(targetPort, '127.0.0.1');
      for (const [here, there] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.set(here, there);
        here.setNoDelay(true);
        here.pipe(there);
        // Always followed by close.
        here.on('error', () => undefined);
        here.on('close', () => {
          this.#sockets.delete(here);
          there.destroy();
        });
      }
    });
  }

  static async start(targetPort: number): Promise<MuteProxy> {
    const proxy = new MuteProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections of this moment carry nothing any more; new ones do. */
  mute(): void {
    for (const socket of this.#sockets.keys()) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** What was held back goes through. */
  unmute(): void {
    for (const [here, there] of this.#sockets) here.pipe(there);
  }

  /** Breaks the connections of this moment. */
  drop(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
