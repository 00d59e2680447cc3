const MAX_NUMBER = 0xffff_ffff;

/** Numbers for what a client asks of its broker: a refusal names the number alone, whatever was asked. */
export class QuestionNumbers {
  #next = 1;

  /** From 1; after 2^32 of them they begin anew. */
  next(): number {
    const number = this.#next;
    this.#next = number === MAX_NUMBER ? 1 : number + 1;
    return number;
  }
}
