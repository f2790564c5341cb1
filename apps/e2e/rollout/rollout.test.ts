import { expect, test } from 'vitest';
import { DEFAULTS } from './options.ts';
import { availability, renderReport } from './report.ts';
import { runRollout } from './run-rollout.ts';

/** Milliseconds; a minute and a half on a quiet machine. */
const LIMIT_MS = 15 * 60_000;

test(
  'a release by the manifests: everything is replaced under load, and nobody notices (MR-182, MR-187, I1, I2, I4, I5, I8, I11)',
  async () => {
    const options = {
      ...DEFAULTS,
      sessions: 6,
      // Machines that run this for every change have two cores and other work: a quarter of the traffic of a full run.
      sendRate: 5,
      receiveRate: 5,
      calmSeconds: 1,
      scenarios: ['rolling update of everything'] as const,
    };
    const report = await runRollout(options, (line) => console.log(line));
    const text = renderReport(report);
    console.log(text);
    const found = report.verdicts.filter(({ count }) => count > 0).map(({ what, count }) => `${count} ${what}`);
    expect(found, text).toEqual([]);
    // The rollout takes 18 seconds or more, and accepts go on all the while.
    expect(report.accepted).toBeGreaterThan(10 * options.sendRate);
    // Live questions about a session that is on its way to another worker: 503 with Retry-After, and few of them.
    expect(availability(report), text).toBeGreaterThan(99);
  },
  LIMIT_MS,
);
