import type { Command } from '../command.js';
import { codegen } from './codegen.js';
import { contracts } from './contracts.js';
import { doctor } from './doctor.js';
import { experiments } from './experiments.js';
import { inspect } from './inspect.js';
import { pub } from './pub.js';
import { request } from './request.js';
import { rollout } from './rollout.js';
import { serve } from './serve.js';
import { serveEcho } from './serve-echo.js';
import { services } from './services.js';
import { streams } from './streams.js';
import { sub } from './sub.js';

const demo: Command = {
  name: 'demo',
  summary: 'Run an inference service, and account for every request and message.',
  // Loaded only when it is needed: other commands start faster without.
  delegate: async (args) => (await import('../../demo/index.js')).runDemo(args),
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serve,
  pub,
  sub,
  request,
  serveEcho,
  services,
  rollout,
  contracts,
  experiments,
  streams,
  codegen,
  inspect,
  doctor,
  demo,
];
