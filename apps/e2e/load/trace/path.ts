import type { Point, PointKind } from './points.ts';

/** A point on the way that the outcome waited for. */
export interface Hop {
  process: string;
  /** The observation that ends the hop. */
  name: string;
  /** The use of the time until then. */
  spentOn: string;
  /** Since the start of the message, in milliseconds. */
  at: number;
  /** Since the hop before it. */
  ms: number;
}

const WAITS: Record<PointKind, string> = {
  statement: 'PostgreSQL: a statement and its way back',
  pool: 'a free connection of the pool',
  redis: 'Redis: a command and its way back',
  http: 'between processes: HTTP',
  frame: 'between processes: frames',
  timer: 'timers',
};

/** Commands of Redis that wait on purpose: they are answered when somebody else has written. */
const isBlocking = (name: string): boolean => /^b[zlr]|^xread|^message of/.test(name);

/**
 * The chain of points that the last one waited for, from the first one on. An input was requested by its own process or
 * by another one. An output was caused by the last input of the same process. The hops together take exactly the time
 * between the first and the last point.
 *
 * @param points of all processes, by time; the chain is within them
 * @param last index of the point that is the outcome
 */
export function pathTo(points: readonly Point[], last: number): Hop[] {
  const chain: number[] = [last];
  for (let index = last; index > 0; ) {
    const cause = causeOf(points, index);
    if (cause < 0) break;
    chain.push(cause);
    index = cause;
  }
  // The time before the first known point has no explanation.
  if (chain.at(-1) !== 0) chain.push(0);
  chain.reverse();
  const start = points[0]!.at;
  return chain.slice(1).map((index, before) => {
    const point = points[index]!;
    const previous = points[chain[before]!]!;
    return {
      process: point.process,
      name: nameOf(point),
      spentOn: spentOn(previous, point),
      at: point.at - start,
      ms: point.at - previous.at,
    };
  });
}

export function nameOf({ kind, side, name }: Point): string {
  if (kind === 'statement') return side === 'out' ? `statement: ${name}` : `result of: ${name}`;
  if (kind === 'pool') return side === 'out' ? `wants a ${name}` : `has a ${name}`;
  if (kind === 'redis') return side === 'out' ? `Redis: ${name}` : `result of Redis: ${name}`;
  if (kind === 'timer') return side === 'out' ? `sets a timer: ${name}` : `timer: ${name}`;
  return side === 'out' ? `sends ${name}` : `gets ${name}`;
}

function spentOn(previous: Point, point: Point): string {
  if (point.side === 'out') return previous.process === point.process ? `code of ${point.process}` : 'not explained';
  if (point.kind === 'redis' && previous.process !== point.process) return 'between processes: Redis';
  if (point.kind === 'timer' && previous.kind !== 'timer') return 'a timer that was set before (polling)';
  return WAITS[point.kind];
}

function causeOf(points: readonly Point[], index: number): number {
  const point = points[index]!;
  const latest = (matches: (candidate: Point) => boolean): number => {
    for (let before = index - 1; before >= 0; before--) if (matches(points[before]!)) return before;
    return -1;
  };
  if (point.side === 'out') return latest(({ side, process }) => side === 'in' && process === point.process);
  const { match } = point;
  if (match !== undefined) {
    return latest((one) => one.side === 'out' && one.match === match && one.process !== point.process);
  }
  const isWaitOfOthers = point.kind === 'redis' && isBlocking(point.name);
  const asked = point.answers !== undefined && !isWaitOfOthers ? point.answers : -1;
  if (asked >= 0) return asked;
  // The process waited for another one: for the last output to it.
  if (isWaitOfOthers) return latest((one) => one.side === 'out' && one.kind === 'redis' && !isBlocking(one.name));
  return latest((one) => one.kind === 'statement' && one.side === 'in');
}
