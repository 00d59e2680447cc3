#!/usr/bin/env node
/** The command `modwire`. */
import { runCli } from './run-cli.js';
import { processTerminal } from './terminal.js';

/** What a peer still holds open then is not waited for. Milliseconds. */
const LINGER_MS = 1_000;

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
// The process ends by itself once nothing is left to do; this timer does not keep it.
setTimeout(() => process.exit(), LINGER_MS).unref();
