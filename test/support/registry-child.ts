import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Registry } from '../../src/registry/registry.js';

const PROGRAM = fileURLToPath(new URL('registry-process.mjs', import.meta.url));

/** What is asked of a registry, in whichever process it is. */
export type RegistryStep =
  | {
      readonly method: 'register';
      readonly args: readonly [{ readonly contract: string; readonly bfbs: string; readonly level?: string }];
    }
  | {
      readonly method: 'bind';
      readonly args: readonly [
        { readonly pattern: string; readonly use: string; readonly contract: string; readonly replace: true },
      ];
    }
  | { readonly method: 'deleteVersion' | 'restoreVersion'; readonly args: readonly [string, number] };

/** Does a step here; what is refused is done with, too. */
export async function takeStep(registry: Registry, step: RegistryStep): Promise<void> {
  const ask = registry[step.method] as (...all: unknown[]) => Promise<unknown>;
  await ask.apply(registry, step.method === 'register' ? [decoded(step.args[0])] : [...step.args]);
}

function decoded<Request extends { readonly bfbs: string }>(request: Request) {
  return { ...request, bfbs: Buffer.from(request.bfbs, 'base64') };
}

export interface RegistryAnswer {
  readonly open?: number;
  readonly done?: number;
  readonly refused?: string;
  readonly message?: string;
  readonly contracts?: unknown;
}

export interface RegistryChild {
  readonly process: ChildProcess;
  /** The next line that it writes; undefined when it has ended. */
  next(): Promise<RegistryAnswer | undefined>;
  /** Has it do steps, all at once. */
  tell(steps: readonly RegistryStep[]): void;
  /** Resolves when it has ended. */
  kill(): Promise<void>;
}

/** Starts a registry in a process of its own; `command` runs it in another way than Node.js by itself. */
export function startRegistry(
  options: { directory: string; maxDeadRecords?: number },
  { command = [process.execPath] }: { command?: readonly string[] } = {},
): RegistryChild {
  const [program, ...args] = command;
  const child = spawn(program!, [...args, PROGRAM, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Told when it is killed before it has read what it was told.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  return {
    process: child,
    next: async () => {
      const { value, done } = await lines.next();
      return done ? undefined : (JSON.parse(value) as RegistryAnswer);
    },
    tell: (steps) => void child.stdin.write(`${JSON.stringify(steps)}\n`),
    kill,
  };
}
