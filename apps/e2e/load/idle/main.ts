// What idle sessions cost: resident memory and processor time of the workers with few and with many of them, each after
// a time without traffic and one forced collection; what the other processes and PostgreSQL do meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { openCheckout, ownCheckout, runFrom } from '../../harness/checkout.ts';
import { addPhone, registerTenant } from '../../harness/pair-session.ts';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';
import { COLLECTABLE, forceCollection } from '../measure/forced-collection.ts';
import { pairMany } from '../measure/pair-many.ts';
import { residentBytes } from '../measure/process-cpu.ts';
import { watchCost } from '../measure/run-cost.ts';
import { nameStatement } from '../measure/statement-name.ts';

const MB = 1_048_576;
const STATEMENTS_SHOWN = 12;

const values = readFlags(process.argv.slice(2), {
  few: { type: 'string', default: '10' },
  many: { type: 'string', default: '200' },
  workers: { type: 'string', default: '1' },
  'idle-seconds': { type: 'string', default: '60' },
  statements: { type: 'boolean', default: false },
  checkout: { type: 'string' },
});
const few = within('few', values.few, 1, 1_999);
const many = within('many', values.many, few + 1, 2_000);
const workers = within('workers', values.workers, 1, 4);
const idleSeconds = within('idle-seconds', values['idle-seconds'], 0, 600);
const checkout = values.checkout === undefined ? ownCheckout : openCheckout(values.checkout);

const services = await provideDurableServices(checkout);
const system = await startSystem({
  services,
  workers,
  maxSessions: many + 10,
  logLevel: 'warn',
  adapt: runFrom(checkout),
  nodeFlags: { worker: COLLECTABLE },
});

const residentOfWorkers = (): number => system.workers.reduce((sum, { pid }) => sum + residentBytes(pid), 0);

async function connectedSessions(): Promise<number> {
  const { rows } = await services.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM sessions WHERE state = 'CONNECTED'`,
  );
  return rows[0]!.count;
}

try {
  const tenant = await registerTenant(system);
  let count = 0;
  const pairUpTo = (target: number) =>
    pairMany(system, tenant, target - count, async (session) => {
      // A session that nobody ever wrote to has no Signal sessions; each of these has had one short conversation.
      const friend = await addPhone(system, 'Friend');
      await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: 'hello' });
      count++;
      if (count % 100 === 0) console.log(`${count} sessions, RSS ${(residentOfWorkers() / MB).toFixed(0)} MB`);
    });
  const measure = async () => {
    const processes = system.processes.map(({ name, pid }) => ({ name, pid }));
    const cost = await watchCost([...processes, ...services.processes], services.pool);
    await sleep(idleSeconds * 1_000);
    const { cpuMs, database } = await cost();
    const inUse = await Promise.all(system.workers.map(forceCollection));
    const rss = residentOfWorkers();
    const used = inUse.reduce((sum, { heapUsed, external }) => sum + heapUsed + external, 0);
    const shares = Object.entries(cpuMs).map(([name, ms]) => `${name} ${(ms / idleSeconds / 10).toFixed(1)}`);
    console.log(
      `${count} idle sessions: RSS of the workers ${(rss / MB).toFixed(1)} MB, in use ${(used / MB).toFixed(1)} MB; ` +
        `while idle, % of a core: ${shares.join(', ')}; ` +
        `${((database?.statements ?? Number.NaN) / idleSeconds).toFixed(1)} statements/s, ` +
        `${((database?.walBytes ?? Number.NaN) / idleSeconds / 1_024).toFixed(1)} kB of WAL/s`,
    );
    if (values.statements) {
      for (const { query, calls, execMs } of database?.byStatement.slice(0, STATEMENTS_SHOWN) ?? [])
        console.log(
          `  ${(calls / idleSeconds).toFixed(2)}/s, ${(execMs / idleSeconds).toFixed(2)} ms/s  ${nameStatement(query)}`,
        );
    }
    return { rss, inUse: used };
  };

  await pairUpTo(few);
  const atFew = await measure();
  await pairUpTo(many);
  const atMany = await measure();
  const perSession = (of: 'rss' | 'inUse') => ((atMany[of] - atFew[of]) / (many - few) / MB).toFixed(3);
  const connected = await connectedSessions();
  console.log(`
Node ${process.version}, ${connected} sessions connected at the end, ${workers} workers:
RSS per idle session ${perSession('rss')} MB, (${(atMany.rss / MB).toFixed(0)} - ${(atFew.rss / MB).toFixed(0)}) / ${many - few}
in use per idle session ${perSession('inUse')} MB (heap and external, after a collection; RSS also depends on what V8 keeps in reserve)
RSS of the workers by their sessions ${(atMany.rss / many / MB).toFixed(2)} MB`);
} finally {
  await system.stop();
}
