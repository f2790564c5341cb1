import { expect, test } from 'vitest';
import { figuresOf, type MessageRun, renderRuns, renderStatements } from './message-runs.ts';

const RUN: MessageRun = {
  label: 'one session',
  side: 'gateway',
  messages: 100,
  rate: 50,
  latencies: { send: [1, 2, 3, 4] },
  cost: {
    cpuMs: { 'gateway-1': 200, 'worker-1': 100, postgres: 50, sandbox: 1_000, load: 1_000 },
    database: {
      statements: 400,
      transactions: 300,
      walBytes: 9_000,
      log: { from: '0/0', to: '0/0' },
      byStatement: [{ query: 'SELECT 1', calls: 25, planMs: 5, execMs: 50 }],
    },
  },
  events: 300,
  failures: 0,
};

test('costs are divided by the messages, and sandbox and clients belong to nobody', () => {
  expect(figuresOf(RUN).values).toMatchObject({
    'messages/s': 50,
    'send, p50 ms': 3,
    'send, p99 ms': 4,
    'CPU ms per message': 3.5,
    'CPU ms per message, gateway-1': 2,
    'CPU ms per message, sandbox': 10,
    'statements per message': 4,
    'transactions per message': 3,
    'WAL bytes per message': 90,
    'events per message': 3,
  });
});

test('what was not counted has no figure', () => {
  const { values } = figuresOf({ ...RUN, side: 'raw Baileys', events: null, cost: { cpuMs: {}, database: null } });
  expect(Object.keys(values).filter((name) => /statements|transactions|WAL|events/.test(name))).toEqual([]);
});

test('the table has a row for each run, and the ratio of the medians', () => {
  const text = renderRuns([RUN, { ...RUN, rate: 70 }, { ...RUN, side: 'raw Baileys', rate: 120 }]);
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  expect(rows).toHaveLength(5);
  expect(new Set(rows.map((line) => line.split('|').length))).toEqual(new Set([14]));
  expect(text).toContain('one session: 60/s against 120/s raw, ratio 0.50 (medians)');
});

test('statements are told per message, with what planning and running took each time', () => {
  expect(renderStatements(RUN)).toMatch(/ 0\.250 +0\.200 +2\.000 {2}SELECT 1$/m);
});
