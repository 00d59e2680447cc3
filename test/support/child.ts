import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Starts a program of test/support with an IPC channel. */
export function startChild(program: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return fork(path, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message with this property. Rejects when the child ends before. */
export function nextMessage<Value>(child: ChildProcess, property: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: Record<string, unknown>) => {
      if (!(property in message)) return;
      off();
      resolve(message[property] as Value);
    };
    const onExit = (code: number | null) => {
      off();
      reject(new Error(`the child ended with ${code} before it said "${property}"`));
    };
    const off = () => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** Resident memory of a process. Bytes. */
export function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
