// Fills a stream on disk through the log, which is faster than any publisher.
import { mkdirSync } from 'node:fs';
import { FrameWriter, openFrame } from 'modwire/codec';
import { openStreamHome } from '../../../dist/broker/streams/stream-home.js';
import { DEFAULT_LIMITS } from '../../../dist/limits.js';
import { readStreamConfig } from '../../../dist/streams/read-stream-config.js';
import { StreamLog } from '../../../dist/streams/stream-log.js';
import { FILTER, idOf, STREAM } from './messages.mjs';

const SUBJECTS = 1_000;
const PAYLOAD_BYTES = 256;
const RECORDS_A_COMMIT = 2_000;
const HOUR_MICROS = 3_600_000_000;

/** Makes the stream with so many records of 256 bytes; `recent`: all within the deduplication window, and not an hour
 * ago. */
export async function fillStream(dataDir, records, recent) {
  mkdirSync(dataDir, { recursive: true });
  const home = await openStreamHome(dataDir);
  const config = readStreamConfig({ name: STREAM, filters: [FILTER], sync: 'none' });
  const store = await home.create(config);
  const fail = (_, error) => {
    throw error;
  };
  const host = { stored() {}, failed: fail, nowMicros: () => Date.now() * 1000 };
  const log = StreamLog.open(config, store, DEFAULT_LIMITS, host);
  const writer = new FrameWriter();
  const payload = Buffer.alloc(PAYLOAD_BYTES, 7);
  // An hour ahead they are within the window however long this takes.
  const cameMicros = Date.now() * 1000 + (recent ? HOUR_MICROS : -HOUR_MICROS);
  for (let number = 0; number < records; number++) {
    const subject = `soak.${number % SUBJECTS}`;
    const frame = openFrame(
      writer.encode({ id: idOf(0, 0, number), publishedAt: cameMicros, subject, payload }),
    );
    frame.stamp(Math.floor(number / SUBJECTS) + 1, cameMicros, cameMicros);
    log.append(frame, undefined);
    if (number % RECORDS_A_COMMIT === 0) {
      log.commit();
      await log.idle();
    }
  }
  await log.close();
}
