// The deletion of a session with a million messages and three million deliveries: how long its answer takes, what
// others notice while it is erased, what is left.
import { loadavg } from 'node:os';
import { createPool } from '@wa-gate/db';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { median } from '../measure/statistics.ts';
import { GatewaySide } from '../send/gateway-side.ts';
import { readOptions } from './options.ts';
import { runDelete } from './run-delete.ts';

/** Filling takes minutes. */
const FILL_TIMEOUT_MS = 3_600_000;

const options = readOptions(process.argv.slice(2));
const services = await provideDurableServices();
const pool = createPool({
  url: services.databaseUrl,
  name: 'load-delete',
  max: 2,
  statementTimeoutMs: FILL_TIMEOUT_MS,
  silenceTimeoutMs: FILL_TIMEOUT_MS,
});
const system = await startSystem({
  services,
  maxSessions: options.sessions + 5,
  logLevel: 'warn',
  env: { sandbox: { SANDBOX_DECRYPT: 'false' } },
});
const others = new GatewaySide(system, 'all');
try {
  console.log(`Node ${process.version}, ${services.description}, load ${loadavg()[0]!.toFixed(1)}`);
  await others.pair(options.sessions);
  await others.run({ clients: options.sessions, seconds: options.seconds, maxCount: 10_000_000 });
  const report = await runDelete(system, pool, options, others, console.log);
  console.log(`\n${report.rows} rows, answer after ${report.answerMs.toFixed(0)} ms, unlinked: ${report.unlinked}`);
  const inTurns = options.turns !== undefined;
  if (!inTurns) {
    const rate = report.rows / report.erasedSeconds;
    console.log(`erased after ${report.erasedSeconds.toFixed(0)} s: ${rate.toFixed(0)} rows/s`);
  }
  const compared = inTurns ? report.without : report.before;
  const [without, during] = [compared, report.during].map((rates) => (rates.length > 0 ? median(rates) : Number.NaN));
  console.log(
    `sends of others: ${without!.toFixed(1)}/s ${inTurns ? 'in turns with it' : 'before'}, ${during!.toFixed(1)}/s meanwhile (medians of ${compared.length} and ${report.during.length}): ${(during! / without!).toFixed(2)}`,
  );
  console.log(`left: ${JSON.stringify(report.left)}, load ${loadavg()[0]!.toFixed(1)}`);
  console.log(await others.verify());
  if (Object.keys(report.left).length > 0 || report.answerMs > 1_000) process.exitCode = 1;
} finally {
  await others.close();
  await pool.end();
  await system.stop();
}
