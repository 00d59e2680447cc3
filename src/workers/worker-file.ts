import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ModwireError } from '../errors.js';

/**
 * The file that threads of the pool run. They can only run JavaScript: where these sources run as TypeScript, as in the
 * tests, it is the one that the build made of them.
 */
export function workerFile(): string {
  const built = new URL(import.meta.url.endsWith('.ts') ? '../../dist/workers/' : './', import.meta.url);
  const path = fileURLToPath(new URL('worker-entry.js', built));
  if (existsSync(path)) return path;
  throw new ModwireError('FAILED_PRECONDITION', {
    what: 'the worker pool has nothing to run',
    where: path,
    advice: 'run npm run build',
  });
}
