import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Why the system cannot be asked what a process uses; undefined when it can. */
export function procUnavailable(): string | undefined {
  if (existsSync('/proc/self/task') && existsSync('/proc/self/schedstat')) return undefined;
  return `it reads what the broker uses from Linux's /proc/PID/schedstat, which ${process.platform} does not have here`;
}

/** Time that all threads of a process have run on a core, in user mode and in the kernel. Nanoseconds. */
export function cpuNanoseconds(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // The first number. /proc/PID/stat has it as well, in steps of 10 ms.
    total += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'), 10);
  }
  return total;
}

/** Memory of a process that is in RAM. Bytes. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`/proc/${pid}/status has no VmRSS: has the process ended?`);
  return Number(match[1]) * 1024;
}

/** How many files and sockets a process started from here may have open. */
export function openFilesLimit(): number {
  const match = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return match?.[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(match?.[1] ?? 1024);
}
