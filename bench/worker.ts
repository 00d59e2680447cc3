import type { ChildProcess } from 'node:child_process';
import { OutputTail } from './output-tail.js';
import type { Answer, Command } from './processes/commands.js';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A child process that does what it is asked over IPC; its side is processes/commands.ts. */
export class Worker {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #stderr: OutputTail;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #failure: Error | undefined;

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.#stderr = new OutputTail(child.stderr);
    child.on('message', (message) => this.#settle(message as Answer));
    // 'close' and not 'exit': by then its last words have been read.
    child.once('close', (code, signal) => {
      this.#fail(new Error(`${name} exited with ${signal ?? code}; its last output: ${this.#stderr}`));
    });
    child.once('error', (error) => this.#fail(new Error(`${name} cannot be started`, { cause: error })));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves with the answer to a command. Rejects when the command fails or the process ends before it answers. */
  async ask<Result>(name: string, argument: object = {}): Promise<Result> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    const command: Command = { id, name, argument };
    this.#child.send(command, (error) => {
      if (error !== null) this.#fail(new Error(`${this.#name} cannot be reached`, { cause: error }));
    });
    return (await answer) as Result;
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.error === undefined) pending?.resolve(answer.value);
    else pending?.reject(new Error(`${this.#name}: ${answer.error}`));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
  }
}
