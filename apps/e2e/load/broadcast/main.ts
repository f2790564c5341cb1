// A broadcast to many over several sessions, with workers and gateways killed on the way: each phone shows it once,
// no session sends faster than its gap, progress never goes back, and the counts are the rows.
import { findViolations } from '@wa-gate/messaging';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';
import { runBroadcast } from './run-broadcast.ts';

const values = readFlags(process.argv.slice(2), {
  recipients: { type: 'string', default: '5000' },
  sessions: { type: 'string', default: '5' },
  // With 1 000 messages for each session a run lasts about 20 minutes. 0: the sessions are not paced.
  'gap-ms': { type: 'string', default: '1000' },
  'kill-seconds': { type: 'string', default: '20' },
  minutes: { type: 'string', default: '60' },
});
const recipients = within('recipients', values.recipients, 1, 100_000);
const sessions = within('sessions', values.sessions, 1, 50);
const gapMs = within('gap-ms', values['gap-ms'], 0, 60_000) || undefined;
const killEveryMs = within('kill-seconds', values['kill-seconds'], 1, 3_600) * 1_000;
const limitMs = within('minutes', values.minutes, 1, 600) * 60_000;

const services = await provideDurableServices();
const system = await startSystem({ services, workers: 2, gateways: 2, maxSessions: sessions, logLevel: 'warn' });
try {
  const outcome = await runBroadcast(system, {
    recipients,
    sessions,
    killEveryMs,
    limitMs,
    log: console.log,
    ...(gapMs !== undefined && { gapMs }),
  });
  const violations = await findViolations(services.pool);
  console.log(JSON.stringify({ recipients, sessions, gapMs, ...outcome, violations: violations.length }, null, 2));
  console.log(`the sandbox: ${JSON.stringify(await system.sandbox.misdeeds())}`);
  const isSound =
    outcome.status === 'completed' &&
    outcome.countsAreRows &&
    outcome.notOnce.length + outcome.setBacks + violations.length + (outcome.gaps?.tooShort ?? 0) === 0;
  if (!isSound) process.exitCode = 1;
} finally {
  await system.stop();
}
