// Programs of chaos runs, and what they say.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a program beside the one at `from`. */
export function program(from, name, ...args) {
  const path = fileURLToPath(new URL(name, from));
  return fork(path, args.map(String), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message with this property. Rejects when the child ends before. */
export function message(child, property) {
  return new Promise((resolve, reject) => {
    const onMessage = (said) => {
      if (property in said) settle(() => resolve(said));
    };
    const onExit = (code, signal) => {
      settle(() => reject(new Error(`a program ended with ${signal ?? code} before it said "${property}"`)));
    };
    const settle = (action) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
