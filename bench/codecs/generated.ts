import type * as FrameModule from '../../dist/codec/generated/modwire/frame.js';
import type * as IdModule from '../../dist/codec/generated/modwire/id.js';
import type * as OriginModule from '../../dist/codec/generated/modwire/origin.js';
import type * as StampModule from '../../dist/codec/generated/modwire/stamp.js';
import type * as TraceModule from '../../dist/codec/generated/modwire/trace.js';

// The classes that flatc generates are no part of the package's interface, so they are taken from its files: those
// lie elsewhere as seen from the compiled benchmark than from this source, hence the address made at run time.
const GENERATED = new URL('../../../dist/codec/generated/modwire/', import.meta.url);

async function load<Module>(name: string): Promise<Module> {
  return (await import(new URL(`${name}.js`, GENERATED).href)) as Module;
}

export const { Frame } = await load<typeof FrameModule>('frame');
export const { Id } = await load<typeof IdModule>('id');
export const { Origin } = await load<typeof OriginModule>('origin');
export const { Stamp } = await load<typeof StampModule>('stamp');
export const { Trace } = await load<typeof TraceModule>('trace');
