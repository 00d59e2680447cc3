import { BYTES_TYPE, JSON_TYPE } from '../../broker/http-message.js';
import type { ImportedRecords } from '../../broker/streams/stream-import.js';
import type { StreamVerification } from '../../broker/streams/stream-verification.js';
import type { DescribedStream, Purge } from '../../codec/stream-description.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { BrokerApi, type Sent } from './broker-api.js';

/** Which records of a stream; each an offset or a time, as text. */
export interface ExportRange {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly filter: string | undefined;
}

/** The streams of a broker. */
export class StreamsApi extends BrokerApi {
  async streams(): Promise<readonly DescribedStream[]> {
    const { streams } = await this.json<{ streams: DescribedStream[] }>('GET', ['streams']);
    return streams;
  }

  stream(name: string): Promise<DescribedStream> {
    return this.json('GET', ['streams', name]);
  }

  /** Undefined when it is not there. */
  async find(name: string): Promise<DescribedStream | undefined> {
    const { status, body } = await this.ask('GET', ['streams', name], { expected: [404] });
    return status === 404 ? undefined : (JSON.parse(body.toString()) as DescribedStream);
  }

  /** `config`: JSON, which the broker reads. */
  create(config: unknown): Promise<DescribedStream> {
    return this.json('POST', ['streams'], json(config));
  }

  update(name: string, changes: unknown): Promise<DescribedStream> {
    return this.json('PATCH', ['streams', name], json(changes));
  }

  async purge(name: string, purge: Purge): Promise<number> {
    const { removed } = await this.json<{ removed: number }>('POST', ['streams', name, 'purge'], json(purge));
    return removed;
  }

  /** Resolves with what it was. */
  remove(name: string): Promise<DescribedStream> {
    return this.json('DELETE', ['streams', name]);
  }

  /** Looks at some records, from an offset on. */
  verify(name: string, from: number): Promise<StreamVerification> {
    return this.json('POST', ['streams', name, 'verify'], json({ from }));
  }

  /** A file of frames as it comes. */
  exported(name: string, range: ExportRange): Promise<AsyncIterable<Uint8Array>> {
    const given = Object.entries(range).filter(([, value]) => value !== undefined);
    return this.bytes(['streams', name, 'export'], given as [string, string][]);
  }

  /** Takes the records of a file. */
  imported(name: string, file: Uint8Array): Promise<ImportedRecords> {
    return this.json('POST', ['streams', name, 'import'], { body: file, contentType: BYTES_TYPE });
  }
}

function json(value: unknown): Sent {
  return { body: encodeUtf8(JSON.stringify(value)), contentType: JSON_TYPE };
}
