import { FrameView } from '../codec/frame-view.js';
import type { BlockReader } from './block-reader.js';
import type { Mark } from './stream-store.js';

/** Place of a record in the count of its subject. */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/** Records that nobody has counted, such as requests, are counted by their offsets. */
export function positionOf(frame: FrameView, offset: number): Position {
  const { epoch, sequence } = frame;
  return epoch === 0 || sequence === 0 ? { epoch: 0, sequence: offset } : { epoch, sequence };
}

/**
 * The marks that a block has got when it was written: for each of its subjects the last place in each run of one epoch. Damaged
 * records are left out, and those that `takes` refuses.
 */
export function marksOf(
  reader: BlockReader,
  idOf: (subject: string) => number | undefined,
  takes: (index: number) => boolean = () => true,
): Mark[] {
  const marks: Mark[] = [];
  const places = new Map<number, number>();
  const frame = new FrameView();
  let block = 0;
  for (let index = 0; index < reader.count; index++) {
    if (!takes(index)) continue;
    block = reader.offset(index);
    if (!reader.view(index, frame)) continue;
    const subject = idOf(frame.subject);
    if (subject === undefined) continue;
    const position = positionOf(frame, block);
    const place = places.get(subject);
    const before = place === undefined ? undefined : marks[place]!;
    if (before?.epoch === position.epoch) marks[place!] = { ...before, ...position };
    else {
      places.set(subject, marks.length);
      marks.push({ subject, ...position, block });
    }
  }
  return marks.map((mark) => ({ ...mark, block }));
}
