import { expect, test } from 'vitest';
import { readOptions } from './options.ts';
import { pathTo } from './path.ts';
import { nameFrame, nameRoute, type Point } from './points.ts';
import { renderProcesses, renderTrace, rowsOf, spendingOf } from './report.ts';
import { cutWindow } from './windows.ts';

const point = (at: number, process: string, kind: Point['kind'], side: Point['side'], name: string): Point => ({
  at,
  process,
  kind,
  side,
  name,
});

/** A client asks a gateway, which asks PostgreSQL and meanwhile does something else. */
const SEND: Point[] = [
  { ...point(0, 'client', 'http', 'out', 'POST /send'), match: 'ask POST /send' },
  { ...point(1, 'gateway', 'http', 'in', 'POST /send'), match: 'ask POST /send' },
  point(3, 'gateway', 'statement', 'out', 'INSERT messages'),
  point(4, 'worker', 'redis', 'out', 'get'),
  { ...point(5, 'worker', 'redis', 'in', 'get'), answers: 3 },
  { ...point(10, 'gateway', 'statement', 'in', 'INSERT messages'), answers: 2 },
  { ...point(12, 'gateway', 'http', 'out', 'answer to POST /send'), match: 'answer POST /send' },
  { ...point(13, 'client', 'http', 'in', 'answer to POST /send'), match: 'answer POST /send', answers: 0 },
];

test('the path has what the outcome waited for, and takes all of its time', () => {
  const path = pathTo(SEND, 7);
  expect(path.map(({ process, name, ms }) => [process, name, ms])).toEqual([
    ['gateway', 'gets POST /send', 1],
    ['gateway', 'statement: INSERT messages', 2],
    ['gateway', 'result of: INSERT messages', 7],
    ['gateway', 'sends answer to POST /send', 2],
    ['client', 'gets answer to POST /send', 1],
  ]);
  expect(path.reduce((sum, { ms }) => sum + ms, 0)).toBe(13);
  expect(Object.fromEntries(spendingOf([path]))).toEqual({
    'PostgreSQL: a statement and its way back': 7,
    'code of gateway': 4,
    'between processes: HTTP': 2,
  });
});

test('a timer that was set on the way is a wait, one that was set before is polling', () => {
  const set = [
    point(0, 'client', 'http', 'out', 'POST /send'),
    point(1, 'worker', 'statement', 'in', 'COMMIT'),
    point(1, 'worker', 'timer', 'out', '30 ms of batcher.js'),
    { ...point(31, 'worker', 'timer', 'in', '30 ms of batcher.js'), answers: 2 },
  ];
  expect(pathTo(set, 3).at(-1)).toMatchObject({ spentOn: 'timers', ms: 30 });
  const { answers: _, ...fired } = set[3]!;
  expect(pathTo([set[0]!, set[1]!, fired], 2).at(-1)).toMatchObject({
    spentOn: 'a timer that was set before (polling)',
    ms: 30,
  });
});

test('a command of Redis that waits on purpose has waited for what another process wrote', () => {
  const points = [
    point(0, 'gateway', 'redis', 'out', 'bzpopmin'),
    point(5, 'worker', 'redis', 'out', 'evalsha'),
    { ...point(7, 'gateway', 'redis', 'in', 'bzpopmin'), answers: 0 },
  ];
  expect(pathTo(points, 2).at(-1)).toMatchObject({ spentOn: 'between processes: Redis', ms: 2 });
});

test('what nobody explains is said, and not left out', () => {
  const points = [point(0, 'client', 'http', 'out', 'POST /send'), point(9, 'gateway', 'http', 'out', 'POST /hook')];
  expect(pathTo(points, 1)).toMatchObject([{ spentOn: 'not explained', ms: 9 }]);
});

test('the second time of a hop is a row of its own', () => {
  const path = pathTo(SEND, 7);
  expect(rowsOf([path, path]).map(({ ms }) => ms.length)).toEqual([2, 2, 2, 2, 2]);
  expect(rowsOf([[...path, ...path]])).toHaveLength(10);
});

test('the report has the hops, what the time went into, and the statements', () => {
  const server = { statements: new Map([['INSERT messages', { planningMs: 1, executingMs: 2 }]]), flushes: null };
  const text = renderTrace({ name: 'send', paths: [pathTo(SEND, 7)], windows: [SEND] }, server);
  expect(text).toContain('| 10.00 | gateway | result of: INSERT messages | 7.00 | 7.00 | 100 | 53.8 % |');
  expect(text).toContain('| PostgreSQL: a statement and its way back | 7.00 | 53.8 % |');
  expect(text).toContain('| gateway: INSERT messages | 1.00 | 7.00 | 1.00 | 2.00 |');
});

test('processes are told with what their event loop was late', () => {
  const gateway = { name: 'gateway-1', cpuMs: 500, busyShare: 0.1, lateMs: { p50: 0, p99: 4, max: 20 }, points: [] };
  const text = renderProcesses([{ ...gateway, collectingMs: 25 }], 100);
  expect(text).toContain('| gateway-1 | 5.0 | 10.0 % | 0.0 / 4.0 / 20.0 | 0.25 |');
});

test('a window has the points of all processes by time, and answers are found in it', () => {
  const gateway = [
    point(1, 'gateway', 'timer', 'out', 'old'),
    point(11, 'gateway', 'statement', 'out', 'a'),
    { ...point(14, 'gateway', 'statement', 'in', 'a'), answers: 1 },
    { ...point(15, 'gateway', 'timer', 'in', 'old'), answers: 0 },
  ];
  const window = cutWindow([gateway, [point(12, 'worker', 'frame', 'in', 'bell')]], 10, 20);
  expect(window.map(({ at, answers }) => [at, answers])).toEqual([
    [11, undefined],
    [12, undefined],
    [14, 0],
    [15, undefined],
  ]);
});

test('a free connection is no wait, one that comes late is', () => {
  const pool = (at: number, side: Point['side']) => point(at, 'gateway', 'pool', side, 'connection of the pool');
  const points = [pool(0, 'out'), { ...pool(0.1, 'in'), answers: 0 }, pool(1, 'out'), { ...pool(9, 'in'), answers: 2 }];
  expect(cutWindow([points], 0, 10).map(({ at, answers }) => [at, answers])).toEqual([
    [1, undefined],
    [9, 0],
  ]);
});

test('routes and frames are named without what differs between two messages', () => {
  expect(nameRoute('POST', '/api/sessions/session-l9-1/send?wait=sent')).toBe('POST /api/sessions/:id/send');
  expect(nameFrame('{"type":"bell","sessionIds":["a"]}')).toMatchObject({ name: 'control frame "bell"' });
  expect(nameFrame(Buffer.from([1, 2, 3]))).toEqual({ name: 'WhatsApp frame', match: 'WhatsApp 3' });
});

test('an unknown flow and too few messages are refused', () => {
  expect(() => readOptions(['--flow', 'sned'])).toThrow('--flow is sned; it must be one of send, receipt, receive');
  expect(() => readOptions(['--messages', '1'])).toThrow('--messages is 1');
  expect(readOptions(['--flow', 'send'])).toMatchObject({ flows: ['send'], messages: 100, gapMs: 200 });
});
