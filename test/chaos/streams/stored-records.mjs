// Reads what a broker that does not run has stored.
import { FrameVerifier, FrameView } from 'modwire/codec';
import { openStreamHome } from '../../../dist/broker/streams/stream-home.js';
import { DEFAULT_LIMITS } from '../../../dist/limits.js';
import { StreamLog } from '../../../dist/streams/stream-log.js';

const HOST = { stored() {}, failed() {}, nowMicros: () => Date.now() * 1000 };

/**
 * Calls `visit` with the frame and the offset of each record of the one stream in a data directory, from an offset on. Returns where to
 * read on. Rejects with DATA_LOSS where a record is damaged, and when the stream cannot go on with its counts.
 */
export async function visitRecords(dataDir, from, visit) {
  const { found } = await openStreamHome(dataDir);
  const { config, store } = found[0];
  const log = StreamLog.open(config, store, DEFAULT_LIMITS, HOST);
  if (!log.continuous) throw new Error('the counts of the stream do not go on');
  const verifier = new FrameVerifier();
  const frame = new FrameView();
  let nextOffset = from;
  try {
    for (let block = log.read(nextOffset); block !== undefined; block = log.read(nextOffset)) {
      const { memory, offsets, starts, ends } = block;
      offsets.forEach((offset, index) => {
        if (!verifier.verify(memory, starts[index], ends[index], frame)) {
          throw new Error(`record ${offset} is no frame`);
        }
        visit(frame, offset);
      });
      nextOffset = block.nextOffset;
    }
  } finally {
    await log.close();
  }
  return nextOffset;
}
