import { expect, test } from 'vitest';
import { parseStartArguments } from './arguments.mjs';

const DEFAULTS = { help: false, demo: true, live: false, exitAfterDemo: false, verbose: false };

test.each([
  [[], {}, {}],
  [['--no-demo'], {}, { demo: false }],
  [['--live', '--verbose'], {}, { live: true, verbose: true }],
  [['--exit-after-demo'], {}, { exitAfterDemo: true }],
  [[], { SMOKE: '1' }, { exitAfterDemo: true }],
  [['-h'], {}, { help: true }],
])('%j with %j', (argv, env, expected) => {
  expect(parseStartArguments(argv, env)).toEqual({ ...DEFAULTS, ...expected });
});

test.each(['--demo', '--nodemo', 'live', 'toString', '--constructor'])(
  'refuses the unknown option %s by name',
  (option) => {
    expect(() => parseStartArguments([option], {})).toThrow(`Unknown option ${option}.`);
  },
);

test('refuses to leave out the demonstration and to stop after it', () => {
  expect(() => parseStartArguments(['--no-demo'], { SMOKE: '1' })).toThrow('contradict');
});
