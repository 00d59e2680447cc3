/** One WebSocket connection, as the client needs it: the same in Node.js and in browsers. */
export interface ClientSocket {
  /** Sends a binary message. The bytes belong to the socket until `sent` is called. */
  send(bytes: Uint8Array, sent?: () => void): void;
  /** Stops reading, so that the broker sees a consumer that is slow. False where the platform cannot. */
  pause(): boolean;
  resume(): void;
  /** Closes in order, with the handshake. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
}

export interface ClientSocketHandlers {
  open(): void;
  /** A binary message; its bytes stay valid as long as someone holds them. */
  message(bytes: Uint8Array): void;
  /** Once, also when the connection never opened. `detail` says more, for people. */
  close(code: number, detail: string): void;
}

export type OpenSocket = (url: string, handlers: ClientSocketHandlers) => ClientSocket;

/** Longest message a client takes. Bytes. */
export const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;
