// The restore drill by hand: `node apps/e2e/dist/recovery/main.js --seconds 120`. The README of the folder above has
// it.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPrivateDatabases } from '../load/measure/private-databases.ts';
import { type DrillKind, type DrillReport, runDrill } from './drill.ts';

const NAMED = 5;

const { values } = parseArgs({
  options: {
    kind: { type: 'string', multiple: true, default: ['dump', 'base'] },
    seconds: { type: 'string', default: '120' },
    rate: { type: 'string', default: '10' },
    sessions: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});

const databases = process.env.TEST_REDIS_URL ? undefined : await startPrivateDatabases('drill');
process.env.TEST_REDIS_URL ??= databases?.redisUrl;
const reports: DrillReport[] = [];
try {
  for (const kind of values.kind as DrillKind[]) {
    const options = {
      kind,
      seconds: Number(values.seconds),
      rate: Number(values.rate),
      sessions: Number(values.sessions),
    };
    const report = await runDrill({ ...options, say: (text) => console.log(`  ${text}`) });
    reports.push(report);
    console.log(describe(report));
  }
} finally {
  await databases?.stop();
}
if (values.json) writeFileSync(values.json, JSON.stringify(reports, null, 2));
process.exitCode = reports.every(isSound) ? 0 : 1;

function isSound({ notOnce, shownTwice, misdeeds, violations, sameDevices }: DrillReport): boolean {
  const { keysReused, overlappingStreams, unreadMessages, violations: rules } = misdeeds;
  const counts = [
    notOnce.length,
    shownTwice.length,
    keysReused,
    overlappingStreams,
    unreadMessages,
    Object.keys(rules).length,
  ];
  return sameDevices && violations.length === 0 && counts.every((count) => count === 0);
}

function describe(report: DrillReport): string {
  const { kind, asOf, accepted, databaseBackMs, timeToServiceMs, notOnce, lost, lostAndShown, shownTwice, misdeeds } =
    report;
  return [
    `${kind}: state of ${asOf}`,
    `  accepted before the backup ${accepted.beforeBackup}, not shown once: ${notOnce.length}; after it ${accepted.afterBackup}`,
    `  not in the restored database: ${lost.length}, of which ${lostAndShown} had reached their phones`,
    `  shown twice ${shownTwice.length}; message keys used twice ${misdeeds.keysReused}; unread ${misdeeds.unreadMessages}`,
    `  database back after ${databaseBackMs} ms, service after ${timeToServiceMs} ms`,
    ...lost.slice(0, NAMED).map(({ messageId, text, reader }) => `    lost: ${messageId} "${text}" to ${reader}`),
    ...(lost.length > NAMED ? [`    … and ${lost.length - NAMED} more; --json names them`] : []),
    isSound(report)
      ? '  sound'
      : `  NOT SOUND: ${JSON.stringify({ notOnce, shownTwice, misdeeds, violations: report.violations })}`,
  ].join('\n');
}
