/** Where the publisher counts its messages: the payload's first four bytes, little-endian. */
export function writeCounter(payload: Uint8Array, counter: number): void {
  payload[0] = counter;
  payload[1] = counter >>> 8;
  payload[2] = counter >>> 16;
  payload[3] = counter >>> 24;
}

/** The publisher's count of the message that begins at `at`. */
export function readCounter(payload: Uint8Array, at = 0): number {
  const low = payload[at]! | (payload[at + 1]! << 8) | (payload[at + 2]! << 16);
  return (low | (payload[at + 3]! << 24)) >>> 0;
}

/** What one subscription received. The counters in the payloads tell what is missing, whatever the system itself says. */
export class Tally {
  received = 0;
  /** Messages passed over. */
  lost = 0;
  /** Messages that came again or after later ones. */
  disordered = 0;
  /** Messages that the system itself reported as missed. */
  reported = 0;
  #next = 0;

  /** Enters one message. */
  add(payload: Uint8Array): void {
    this.addRun(readCounter(payload), 1);
  }

  /** Enters messages with successive counters. */
  addRun(first: number, count: number): void {
    this.received += count;
    if (first === this.#next) this.#next += count;
    else if (first < this.#next) this.disordered += count;
    else {
      this.lost += first - this.#next;
      this.#next = first + count;
    }
  }
}
