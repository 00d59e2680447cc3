import { ModwireError } from '../../errors.js';

/** Where in a JSON text the conversion is, as a field path: `inputs[3].shape`. */
export class JsonPlace {
  readonly #steps: (string | number)[] = [];

  enter(step: string | number): void {
    this.#steps.push(step);
  }

  leave(): void {
    this.#steps.pop();
  }

  /** An error about this place. */
  fault(what: string, detail: { expected?: string; got?: string; advice?: string } = {}): ModwireError {
    return new ModwireError('INVALID_ARGUMENT', { what, ...detail, where: this.toString() });
  }

  unimplemented(what: string, advice: string): ModwireError {
    return new ModwireError('UNIMPLEMENTED', { what, where: this.toString(), advice });
  }

  toString(): string {
    let text = '';
    for (const step of this.#steps) {
      if (typeof step === 'number') text += `[${step}]`;
      else text += text === '' ? step : `.${step}`;
    }
    return text === '' ? 'the root' : text;
  }
}

const SHOWN = 40;

/** A text of the input as an error shows it: never all of a long one. */
export function shown(text: string): string {
  return text.length <= SHOWN ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, SHOWN))}…`;
}
