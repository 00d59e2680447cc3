/** What the benchmark asks of a process of its own. */
export interface Command {
  readonly id: number;
  readonly name: string;
  readonly argument: object;
}

/** What the process answers: a value or an error's text. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: each handler knows what its counterpart in the parent sends.
type Handler = (argument: any) => unknown;

/**
 * Answers the parent's commands with the handlers' results. The process ends with its parent: a closed channel is
 * the one sign of a parent's death that a killed parent gives as well.
 */
export function serveCommands(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', async (message) => {
    const { id, name, argument } = message as Command;
    let answer: Answer;
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`no command ${name}`);
      answer = { id, value: await handler(argument) };
    } catch (error) {
      answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send!(answer);
  });
  process.once('disconnect', () => process.exit());
  // Ctrl-C reaches every process of the terminal. The parent decides when this one ends.
  process.on('SIGINT', () => {});
}
