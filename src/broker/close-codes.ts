/** WebSocket close codes that the broker uses: the registered ones where they fit, else of the private range. */
export const CLOSE_CODES = {
  /** The broker stops. */
  GOING_AWAY: 1001,
  /** A text message, or bytes that no batch can begin with. */
  UNSUPPORTED_DATA: 1003,
  /** No hello, wrong protocol version, control message out of place. */
  PROTOCOL_VIOLATION: 4400,
  /** More malformed frames than are forgiven. */
  TOO_MANY_VIOLATIONS: 4401,
  /** No hello in time. */
  HELLO_TIMEOUT: 4408,
  /** Nothing heard for too long. */
  SILENT: 4409,
  /** Reads too slowly. */
  SLOW_CONSUMER: 4429,
} as const;
