import { expect, test } from 'vitest';
import { type DrillKind, runDrill } from './drill.ts';

/** Milliseconds. A drill takes twenty seconds on a quiet machine. */
const DRILL_MS = 600_000;

/** Two minutes of traffic, and more sessions: `node apps/e2e/dist/recovery/main.js --seconds 120`. */
test.each<DrillKind>(['dump', 'base'])(
  'restore drill under load (%s): no message key twice, everything from before the backup once, what came after is named (MR-183)',
  async (kind) => {
    const report = await runDrill({ kind, seconds: 4, rate: 10, sessions: 2 });
    expect(report.accepted.beforeBackup).toBeGreaterThan(10);
    expect(report.accepted.afterBackup).toBeGreaterThan(10);
    expect(report.notOnce).toEqual([]);
    expect(report.shownTwice).toEqual([]);
    expect(report.misdeeds).toEqual({ keysReused: 0, overlappingStreams: 0, unreadMessages: 0, violations: {} });
    expect(report.violations).toEqual([]);
    expect(report.sameDevices).toBe(true);
    // A base backup has the statistics of its server, if that had gathered them.
    if (kind === 'dump') expect(report.hasStatistics).toBe(true);
    // The dump knows nothing of what came later. The archive ends within a second or two of the disaster.
    if (kind === 'dump') expect(report.lost.length).toBeGreaterThan(0);
    else expect(report.lost.length).toBeLessThan(report.accepted.afterBackup);
  },
  DRILL_MS,
);
