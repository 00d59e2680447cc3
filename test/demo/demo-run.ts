import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Summary } from '../../src/demo/summary.js';
import { QUIET_FALLBACK } from '../support/transports.js';

const DEMO = new URL('../../dist/demo/index.js', import.meta.url).href;
const SCRIPT = `import(${JSON.stringify(DEMO)}).then(async ({ runDemo }) => {
  process.exitCode = await runDemo(process.argv.slice(1));
});`;

/** What it starts, by the names of the programs. */
export const PROCESSES = ['broker', 'features', 'feedback', 'gateway', 'scorer', 'scorer'];

export interface DemoExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running demo, built, in a process of its own as the CLI starts it, with pipes where a terminal might be. */
export class DemoRun {
  readonly process: ChildProcess;
  readonly ended: Promise<DemoExit>;

  /** `ownGroup`: it leads a process group of its own, as a command that a shell runs in a terminal. */
  constructor(args: readonly string[], ownGroup = false) {
    this.process = spawn(process.execPath, ['-e', SCRIPT, '--', ...args], {
      cwd: tmpdir(),
      env: { ...process.env, ...QUIET_FALLBACK },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      this.process[name]!.setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => resolve({ code, signal, ...output }));
    });
  }

  /** Resolves with the processes that it has started, once there are `count`. */
  async children(count: number): Promise<DemoChild[]> {
    for (;;) {
      const children = childrenOf(this.process.pid!);
      if (children.length >= count) return children;
      if (this.process.exitCode !== null) throw new Error(`it ended before it had ${count} children`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The exit of a run with `--json`, and what it printed. */
export async function jsonRun(args: readonly string[]): Promise<DemoExit & { readonly summary: Summary }> {
  const exit = await new DemoRun([...args, '--json']).ended;
  return { ...exit, summary: JSON.parse(exit.stdout) as Summary };
}

export interface DemoChild {
  readonly pid: number;
  /** Path of its program below processes/, without its extension. */
  readonly program: string;
}

/** Processes of the demo that a process has started and that still run. */
export function childrenOf(pid: number): DemoChild[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid=', '-o', 'args='], { encoding: 'utf8' });
  const children: DemoChild[] = [];
  for (const line of lines.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s.*demo\/processes\/([\w/]+)\.js/.exec(line);
    if (match !== null && Number(match[2]) === pid)
      children.push({ pid: Number(match[1]), program: match[3]! });
  }
  return children;
}

/** Resolves when none of these processes is left. */
export async function whenGone(children: readonly DemoChild[]): Promise<void> {
  for (const { pid } of children)
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
