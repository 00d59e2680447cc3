import type { HttpReply } from './http-message.js';

/** Answers over HTTP that are not complete yet. */
export class HttpAnswers {
  readonly #pending = new Set<Promise<unknown>>();

  /** Gives a reply when it is there. */
  add(reply: Promise<HttpReply>, answer: (reply: HttpReply) => void): void {
    const complete = reply.then((made) => {
      answer(made);
      return made.stream?.ended;
    });
    this.#pending.add(complete);
    void complete.finally(() => this.#pending.delete(complete));
  }

  /** Resolves when all of now are complete, and after `timeoutMs` in any case. */
  async complete(timeoutMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all(this.#pending), timeout]);
    clearTimeout(timer);
  }
}
