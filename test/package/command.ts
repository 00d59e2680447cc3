import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A program that takes this long hangs. Milliseconds. */
const RUN_MS = 120_000;

/** Runs a program to its end and resolves with its stdout. Rejects with all it wrote when it fails. */
export async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const end = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (end === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} in ${folder} ended with ${end}:\n${stdout}\n${stderr}`);
}

/**
 * Starts a program that goes on until the end of the test, and resolves with the first line it prints that matches.
 * Rejects with all it wrote when it ends before that.
 */
export function startService(
  folder: string,
  ready: RegExp,
  command: string,
  ...args: string[]
): Promise<string> {
  // A process group of its own, because npx stands between the test and the program.
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  onTestFinished(async () => {
    if (child.pid === undefined) return;
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    await closed;
  });
  const written: string[] = [];
  createInterface(child.stderr).on('line', (line) => written.push(line));
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      written.push(line);
      if (ready.test(line)) resolve(line);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const what = `${command} ${args.join(' ')}`;
      reject(new Error(`${what} ended with ${signal ?? code} before it was ready:\n${written.join('\n')}`));
    });
  });
}
