import { TENSOR_LIMITS } from './tensor-limits.js';

const { maxTensors, maxParameters, maxTextBytes } = TENSOR_LIMITS;

/** Counts what a message has. Each method says, as half a sentence, why it is too much; undefined while it is not. */
export class MessageMeter {
  #parameters = 0;
  #textBytes = 0;

  /** So many in one list. */
  tensors(count: number): string | undefined {
    return count > maxTensors ? `${count} in one message, at most ${maxTensors} are allowed` : undefined;
  }

  /** So many more. */
  parameters(count: number): string | undefined {
    this.#parameters += count;
    if (this.#parameters <= maxParameters) return undefined;
    return `${this.#parameters} parameters in one message, at most ${maxParameters} are allowed`;
  }

  /** A name or text more, of so many bytes. */
  text(bytes: number): string | undefined {
    this.#textBytes += bytes;
    if (this.#textBytes <= maxTextBytes) return undefined;
    return `names and texts of more than ${maxTextBytes} bytes in one message`;
  }
}
