import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveView } from '../../src/demo/live-view.js';
import type { Snapshot } from '../../src/demo/pipeline.js';
import { STAGES } from '../../src/demo/stages.js';
import { Screen } from './screen.js';

const TITLE = 'ten requests';
const LATENCY = { p50: 500, p99: 1_500, p999: 12_345, max: 123_456 };

function snapshotAt(seconds: number, frames: number, phase: Snapshot['phase'] = 'running'): Snapshot {
  const tally = { frames, bytes: 10_000 * frames };
  const delivered = { [STAGES[0]!.name]: { ...tally, gaps: 0, latency: LATENCY } };
  const published = { 'features.0': { frames: frames + 5, bytes: 0 } };
  const rest = { waits: 0, problems: [] };
  return {
    phase,
    seconds,
    brokerUrl: '',
    transport: '',
    broker: undefined,
    figures: {
      gateway: { published, delivered: {}, ...rest },
      'worker 0': { published: {}, delivered, ...rest },
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
    expect(screen.lines).toHaveLength(3 + STAGES.length);
    expect(screen.lines[0]).toBe('ten requests: 4.0 of 10 s (Ctrl-C stops)');
    expect(screen.lines[1]!.split(/ {2,}/)).toEqual([
      'stage',
      'frames/s',
      'MB/s',
      'published',
      'under way',
      'gaps',
      'p50',
      'p99',
      'p99.9',
      'max',
    ]);
    const cells = () => screen.lines[2]!.split(/ {2,}/);
    expect(cells()).toEqual([
      'features → worker 0',
      '400',
      '4.0',
      '1,605',
      '5',
      '0',
      '0.50',
      '1.50',
      '12.3',
      '123',
    ]);
    expect(screen.lines.at(-1)).toBe('latency in milliseconds, from the intended send time of the request');
    draw(12);
    expect(cells().slice(0, 4)).toEqual(['features → worker 0', '0', '0.0', '1,605']);
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
