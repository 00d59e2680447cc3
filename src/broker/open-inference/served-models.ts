import { checkSubject, hasWildcard, matchesFilter } from '../../codec/subject.js';
import type { WorkerGroup } from '../calls/worker-group.js';

/** What of a group says which models there are. */
export type ModelGroup = Pick<WorkerGroup, 'filter' | 'isServed'> & {
  readonly workers: Iterable<{ readonly version: string; readonly ready: boolean }>;
};

/** A model, or a version of it, that is served. */
export interface ServedModel {
  /** Where its requests go. */
  readonly subject: string;
  /** Versions of workers that have it; undefined when all do. */
  readonly range?: string;
  /** Whether somebody takes requests now. */
  readonly isReady: boolean;
}

/** Subject of the requests to a model. */
export function inferSubject(name: string, version?: string): string {
  return version === undefined ? `models.${name}.infer` : `${versionsPrefix(name)}${version}${INFER}`;
}

/** Subject of the requests for what there is to say about a model. */
export function metadataSubject(name: string): string {
  return `models.${name}.metadata`;
}

const INFER = '.infer';

/** Finds models among what is served. */
export class ServedModels {
  readonly #groups: () => Iterable<ModelGroup>;

  constructor(groups: () => Iterable<ModelGroup>) {
    this.#groups = groups;
  }

  /**
   * Undefined when nobody serves it. A version with a subject of its own is served there; any other with its model, by the
   * workers that say they are of this version, or by all where nobody says a version.
   */
  find(name: string, version: string | undefined): ServedModel | undefined {
    const own = version === undefined ? undefined : this.served(inferSubject(name, version));
    if (own !== undefined) return own;
    const subject = inferSubject(name);
    const model = this.served(subject);
    if (version === undefined || model === undefined) return model;
    const workers = this.#workersOf(subject);
    if (workers.every((one) => one.version === '')) return model;
    const ofVersion = workers.filter((one) => one.version === version);
    if (ofVersion.length === 0) return undefined;
    return { subject, range: version, isReady: ofVersion.some(({ ready }) => ready) };
  }

  /** Versions that workers say they are, and those with subjects of their own. */
  versions(name: string): string[] {
    const versions = new Set(this.#workersOf(inferSubject(name)).map(({ version }) => version));
    const prefix = versionsPrefix(name);
    for (const { filter } of this.#groups()) {
      if (!filter.startsWith(prefix) || !filter.endsWith(INFER) || hasWildcard(filter)) continue;
      versions.add(filter.slice(prefix.length, -INFER.length));
    }
    versions.delete('');
    return [...versions].sort();
  }

  /** Who serves a subject; undefined for nobody, and for what is no subject. */
  served(subject: string): ServedModel | undefined {
    const groups = this.#groupsOf(subject);
    if (groups.length === 0) return undefined;
    return { subject, isReady: groups.some(({ isServed }) => isServed) };
  }

  #workersOf(subject: string): { readonly version: string; readonly ready: boolean }[] {
    return this.#groupsOf(subject).flatMap(({ workers }) => [...workers]);
  }

  #groupsOf(subject: string): ModelGroup[] {
    if (!isSubject(subject)) return [];
    return [...this.#groups()].filter(({ filter }) => matchesFilter(filter, subject));
  }
}

/** Names of models are whatever somebody types. */
export function isSubject(text: string): boolean {
  try {
    checkSubject(text);
    return true;
  } catch {
    return false;
  }
}

function versionsPrefix(name: string): string {
  return `models.${name}.versions.`;
}
