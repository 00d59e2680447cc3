import { decodePart } from '../http-input.js';

/** What is asked of a model. */
export type ModelAction = 'metadata' | 'ready' | 'infer';

export interface ModelPath {
  readonly name: string;
  readonly version: string | undefined;
  readonly action: ModelAction;
}

/** Clients leave a slash in a name as it is. */
const PATH = /^\/v2\/models\/(?<name>.+?)(\/versions\/(?<version>[^/]+))?(\/(?<action>ready|infer))?$/;

/** The model that a path names; undefined when it names none. Throws INVALID_ARGUMENT for one that cannot be decoded. */
export function modelPath(path: string): ModelPath | undefined {
  const groups = PATH.exec(path)?.groups;
  if (groups === undefined) return undefined;
  const { name = '', version, action = 'metadata' } = groups;
  return {
    name: decodePart(name),
    version: version === undefined ? undefined : decodePart(version),
    action: action as ModelAction,
  };
}
