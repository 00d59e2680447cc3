import { Body } from './generated/modwire/control/body.js';
import type { FieldShape, TableShape } from './table-verifier.js';

/** schemas/control.fbs as the verifier needs it; a test holds it against the generated code. */

const u8 = (name: string): FieldShape => ({ kind: 'scalar', name, bytes: 1 });
const u16 = (name: string): FieldShape => ({ kind: 'scalar', name, bytes: 2 });
const u32 = (name: string): FieldShape => ({ kind: 'scalar', name, bytes: 4 });
const u64 = (name: string): FieldShape => ({ kind: 'scalar', name, bytes: 8 });
const text = (name: string): FieldShape => ({ kind: 'string', name, required: true });
const optionalText = (name: string): FieldShape => ({ kind: 'string', name });
const reference = (name: string): FieldShape => ({ kind: 'struct', name, bytes: 16, alignment: 1 });
const bytes = (name: string): FieldShape => ({
  ...{ kind: 'structs', name, bytes: 1, alignment: 1 },
  required: true,
});
const table = (...fields: FieldShape[]): TableShape => ({ fields });

const position = table(text('subject'), u64('epoch'), u64('sequence'));
const missed = table(text('subject'), u64('epoch'), u64('first'), u64('last'));
const positions: FieldShape = { kind: 'tables', name: 'positions', of: position };
const reads: FieldShape = { kind: 'structs', name: 'reads', bytes: 16, alignment: 1 };
const offsets: FieldShape = { kind: 'structs', name: 'offsets', bytes: 16, alignment: 8 };
const misses: FieldShape = { kind: 'tables', name: 'missed', of: missed };

const BODIES: Record<Exclude<keyof typeof Body, 'NONE'>, TableShape> = {
  Hello: table(u16('protocol'), text('client_name'), optionalText('client_version')),
  Welcome: table(
    u16('protocol'),
    text('broker_name'),
    text('broker_version'),
    u64('session'),
    u32('heartbeat_ms'),
    u32('max_frame_bytes'),
    u32('max_batch_bytes'),
    u32('max_subscriptions'),
    u32('publish_window_bytes'),
  ),
  Subscribe: table(
    u32('subscription'),
    text('filter'),
    u8('resume'),
    u8('complete'),
    positions,
    reads,
    optionalText('group'),
    u8('skip_history'),
  ),
  Subscribed: table(u32('subscription'), positions, u8('complete'), misses),
  Unsubscribe: table(u32('subscription')),
  Unsubscribed: table(u32('subscription')),
  Ack: table({ kind: 'structs', name: 'entries', bytes: 32, alignment: 8 }),
  Credit: table(u64('bytes')),
  Failure: table(u16('code'), text('message'), reference('reference'), u32('subscription'), u32('call')),
  Slow: table(u64('buffered_bytes'), u64('limit_bytes'), misses),
  Gap: table(misses),
  Ping: table(u64('nonce')),
  Pong: table(u64('nonce')),
  Goodbye: table(u16('code'), text('message'), u32('grace_ms')),
  Withheld: table(text('subject'), u64('epoch'), u64('first'), u64('last'), reference('schema_id')),
  Register: table(u32('call'), text('contract'), text('root'), bytes('schema')),
  Registered: table(u32('call'), text('contract'), u32('version'), reference('schema_id'), u8('is_new'), {
    kind: 'strings',
    name: 'unreadable_by',
  }),
  Resolve: table(u32('call'), reference('schema_id')),
  Resolved: table(
    u32('call'),
    text('contract'),
    u32('version'),
    reference('schema_id'),
    text('root'),
    bytes('schema'),
  ),
  Unreadable: table(u8('anew'), reference('schema_id'), {
    kind: 'structs',
    name: 'subscriptions',
    bytes: 4,
    alignment: 4,
  }),
  Serve: table(
    u32('service'),
    text('subject'),
    optionalText('group'),
    optionalText('version'),
    u32('concurrency'),
    u8('policy'),
    reads,
  ),
  Serving: table(u32('service')),
  Unserve: table(u32('service')),
  Unserved: table(u32('service')),
  Capacity: table(u32('service'), u32('concurrency'), u8('ready')),
  Grant: table(u64('replies'), reference('request')),
  Share: table(u32('subscription')),
  Explanation: table(text('json'), reference('request')),
  Consume: table(
    u32('consumer'),
    text('stream'),
    optionalText('name'),
    optionalText('options'),
    u32('capacity'),
    u32('window_bytes'),
  ),
  Consuming: table(u32('consumer'), text('json')),
  Handout: table(u32('consumer'), offsets, { kind: 'structs', name: 'attempts', bytes: 2, alignment: 2 }),
  Settle: table(u32('consumer'), u8('verdict'), offsets, u32('delay_ms'), optionalText('reason')),
  Lost: table(u32('consumer'), u64('first'), u64('last'), u16('code'), text('message')),
  Unconsume: table(u32('consumer')),
  Unconsumed: table(u32('consumer')),
  Finished: table(u32('consumer'), u16('code'), optionalText('message')),
  Manage: table(u32('call'), text('operation'), optionalText('json')),
  Managed: table(u32('call'), text('json')),
};

export const CONTROL_SHAPE: TableShape = table(
  { kind: 'unionType', name: 'body_type' },
  {
    kind: 'union',
    name: 'body',
    members: Object.entries(BODIES)
      .sort(([a], [b]) => Body[a as keyof typeof Body] - Body[b as keyof typeof Body])
      .map(([, shape]) => shape),
  },
);
