import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveView } from '../../src/demo/live-view.js';
import type { Snapshot } from '../../src/demo/pipeline.js';
import { HOPS, STAGES } from '../../src/demo/stages.js';
import { Screen } from './screen.js';

const TITLE = 'ten requests';
const LATENCY = { p50: 500, p99: 1_500, p999: 12_345, max: 123_456 };

function snapshotAt(seconds: number, frames: number, phase: Snapshot['phase'] = 'running'): Snapshot {
  const delivered = { [STAGES[2]!.name]: { frames, bytes: 10_000 * frames, gaps: 0, latency: LATENCY } };
  const published = { feedback: { frames: frames + 5, bytes: 0 } };
  const requests = {
    requests: frames + 7,
    replied: frames - 1,
    failed: { INTERNAL: 1 },
    replies: 16 * frames,
  };
  const made = { [HOPS[3]!.name]: { ...requests, latency: LATENCY } };
  const rest = { waits: 0, problems: [] };
  return {
    phase,
    seconds,
    brokerUrl: '',
    transport: '',
    broker: undefined,
    figures: {
      gateway: { published: {}, delivered, made, ...rest },
      feedback: { published, delivered: {}, ...rest },
    },
  };
}

function viewOn(screen: Screen): LiveView {
  return new LiveView(screen as unknown as NodeJS.WriteStream, TITLE, 10);
}

describe('the live view', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('draws over itself, with rates of the last moments, and leaves nothing in the end', () => {
    const screen = new Screen(120, 24);
    let seconds = 0;
    const view = viewOn(screen);
    // 400 frames a second for four seconds, then none.
    view.start(() => snapshotAt(seconds, Math.min(1_600, 400 * seconds)));
    const draw = (count: number) => {
      for (let index = 0; index < count; index++) {
        seconds += 0.25;
        vi.advanceTimersByTime(250);
      }
    };
    draw(16);
    expect(screen.lines).toHaveLength(4 + HOPS.length + STAGES.length);
    expect(screen.lines[0]).toBe('ten requests: 4.0 of 10 s (Ctrl-C stops)');
    const cells = (line: number) => screen.lines[line]!.split(/ {2,}/);
    const latencies = ['p50', 'p99', 'p99.9', 'max'];
    expect(cells(1)).toEqual([
      ...['call', 'calls/s', 'replies/s', 'requests', 'under way', 'failed', ...latencies],
    ]);
    expect(cells(5)).toEqual([
      ...['gateway → explain v1', '400', '6,400', '1,607', '7', '1', '0.50', '1.50', '12.3', '123'],
    ]);
    expect(cells(7)).toEqual([
      ...['stage', 'frames/s', 'MB/s', 'published', 'under way', 'gaps', ...latencies],
    ]);
    expect(cells(10)).toEqual([
      ...['feedback → gateway', '400', '4.0', '1,605', '5', '0', '0.50', '1.50', '12.3', '123'],
    ]);
    expect(screen.lines.at(-1)).toMatch(/^latency in milliseconds: of a call from its request/);
    draw(12);
    expect(cells(5).slice(0, 4)).toEqual(['gateway → explain v1', '0', '0', '1,607']);
    expect(cells(10).slice(0, 4)).toEqual(['feedback → gateway', '0', '0.0', '1,605']);
    view.stop();
    expect(screen.lines).toEqual([]);
    const { written } = screen;
    vi.advanceTimersByTime(10_000);
    expect(screen.written).toBe(written);
  });

  it.each([
    ['starting', 'ten requests: starting'],
    ['draining', 'ten requests: waiting for what is under way'],
  ] as const)('says that the run is %s', (phase, text) => {
    const screen = new Screen(80, 24);
    const view = viewOn(screen);
    view.start(() => snapshotAt(3, 0, phase));
    expect(screen.lines[0]).toBe(text);
    view.stop();
  });

  // The screen itself fails when a line wraps or it has to scroll.
  it.each([
    [80, 24],
    [40, 10],
    [10, 4],
    [2, 2],
  ])('fits into a terminal of %d columns and %d lines', (columns, rows) => {
    const screen = new Screen(columns, rows);
    const view = viewOn(screen);
    view.start(() => snapshotAt(1, 1_000));
    vi.advanceTimersByTime(1_000);
    expect(screen.lines.length).toBeGreaterThan(0);
    expect(screen.lines.length).toBeLessThan(rows);
    view.stop();
    expect(screen.lines).toEqual([]);
  });

  it('writes nothing where there is no terminal', () => {
    const screen = new Screen(80, 24, false);
    const view = viewOn(screen);
    view.start(() => snapshotAt(1, 1_000));
    vi.advanceTimersByTime(1_000);
    view.stop();
    expect(screen.written).toBe('');
  });
});
