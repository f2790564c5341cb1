import { expect, test } from 'vitest';
import { parseStartArguments } from './arguments.mjs';

const DEFAULTS = {
  help: false,
  mode: 'standard',
  demo: true,
  live: false,
  exitAfterDemo: false,
  verbose: false,
  dev: false,
  inspect: false,
  seed: false,
  observe: false,
  ffmpeg: false,
  restored: false,
};

test.each([
  [[], {}, {}],
  [['--no-demo'], {}, { demo: false }],
  [['--live', '--verbose'], {}, { live: true, verbose: true }],
  [['--exit-after-demo'], {}, { exitAfterDemo: true }],
  [[], { SMOKE: '1' }, { exitAfterDemo: true }],
  [['-h'], {}, { help: true }],
  [['--seed'], {}, { seed: true }],
  [['--observe'], {}, { observe: true }],
  [['--ffmpeg'], {}, { ffmpeg: true }],
  [['--restored'], {}, { restored: true }],
  [['--dev'], {}, { dev: true, mode: 'minimal', demo: false }],
  [['--dev', '--inspect', '--seed'], {}, { dev: true, inspect: true, seed: true, mode: 'minimal', demo: false }],
  [['--dev', '--mode', 'standard'], {}, { dev: true, mode: 'standard' }],
  [['--mode', 'enterprise', '--live'], {}, { mode: 'enterprise', live: true }],
  [['--mode=advanced'], {}, { mode: 'advanced' }],
  [['--mode', 'minimal'], {}, { mode: 'minimal', demo: false }],
  [['--gateways', '2', '--workers', '3'], {}, { gateways: 2, workers: 3 }],
  [['--workers=5', '--mode=minimal', '--live'], {}, { mode: 'minimal', demo: false, live: true, workers: 5 }],
  [['--mode', 'minimal'], { SMOKE: '1' }, { mode: 'minimal', exitAfterDemo: true }],
])('%j with %j', (argv, env, expected) => {
  expect(parseStartArguments(argv, env)).toEqual({ ...DEFAULTS, ...expected });
});

test.each(['--demo', '--nodemo', 'live', 'toString', '--constructor'])(
  'refuses the unknown option %s by name',
  (option) => {
    expect(() => parseStartArguments([option], {})).toThrow(`Unknown option ${option}.`);
  },
);

test.each([['--mode'], ['--mode', 'huge'], ['--mode='], ['--mode', 'toString'], ['--mode', '--live']])(
  'refuses a mode that there is not: %j %j',
  (...argv) => {
    expect(() => parseStartArguments(argv, {})).toThrow(/^--mode .+ is not known\.$/);
  },
);

test.each([
  ['--gateways', '0'],
  ['--gateways', '17'],
  ['--gateways'],
  ['--workers', '65'],
  ['--workers', '-1'],
  ['--workers=2.5'],
  ['--workers=two'],
  ['--workers', '--live'],
])('refuses a number of processes that is none: %j', (...argv) => {
  expect(() => parseStartArguments(argv, {})).toThrow(/^--(gateways|workers) .+ is not possible\.$/);
});

test('refuses to leave out the demonstration and to stop after it', () => {
  expect(() => parseStartArguments(['--no-demo'], { SMOKE: '1' })).toThrow('contradict');
});

test('refuses a debugger for what is built', () => {
  expect(() => parseStartArguments(['--inspect'], {})).toThrow('--inspect goes with --dev');
});
