import { expect, test } from 'vitest';
import { DEFAULTS } from './options.ts';
import { renderReport } from './report.ts';
import { runChaos } from './run-chaos.ts';

const MINUTES = 3;
/** Milliseconds for start, pairing, the last recovery and the checks, besides the run. */
const LIMIT_MS = 20 * 60_000;

test(
  'three minutes of faults of every sort under traffic both ways: nothing lost, nothing twice (I1, I2, I4, I5, I8, I11)',
  async () => {
    // Machines that run this for every change have two cores and other work: half of the traffic of a full run.
    const options = { ...DEFAULTS, minutes: MINUTES, sessions: 12, sendRate: 12, receiveRate: 8 };
    const report = await runChaos(options, (line) => console.log(line));
    const text = renderReport(options, report);
    console.log(text);
    const found = report.verdicts.filter(({ count }) => count > 0).map(({ what, count }) => `${count} ${what}`);
    expect(found, text).toEqual([]);
    expect(report.faults.length).toBeGreaterThanOrEqual(4);
    expect(report.accepted).toBeGreaterThan(500);
  },
  LIMIT_MS,
);
