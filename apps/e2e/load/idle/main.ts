// Resident memory per idle session of one worker: (RSS at 200 - RSS at 10) / 190, each after a minute of
// idleness and one forced collection.
import { parseArgs } from 'node:util';
import { addPhone, pairSession, registerTenant } from '../../harness/pair-session.ts';
import { prepareServices } from '../../harness/services.ts';
import { startSystem } from '../../harness/system.ts';
import { COLLECTABLE, forceCollection } from '../measure/forced-collection.ts';
import { startPrivateDatabases } from '../measure/private-databases.ts';
import { residentBytes, watchCpu } from '../measure/process-cpu.ts';

const AIM_MB = 1.5;
const MB = 1_048_576;
const CONVERSATIONS = 1;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    few: { type: 'string', default: '10' },
    many: { type: 'string', default: '200' },
    'idle-seconds': { type: 'string', default: '60' },
  },
});
const few = Number(values.few);
const many = Number(values.many);
const idleMs = Number(values['idle-seconds']) * 1_000;
if (!(few >= 1 && many > few && many <= 200 && idleMs >= 0))
  throw new Error('--few and --many must be 1 <= few < many <= 200');

const own = process.env.TEST_DATABASE_URL ? undefined : await startPrivateDatabases();
if (own) {
  process.env.TEST_DATABASE_URL = own.databaseUrl;
  process.env.TEST_REDIS_URL = own.redisUrl;
}
const system = await startSystem({
  services: await prepareServices(),
  maxSessions: many + 10,
  logLevel: 'warn',
  nodeFlags: { worker: COLLECTABLE },
});

try {
  const worker = system.process('worker-1');
  const tenant = await registerTenant(system);
  let count = 0;
  const pairUpTo = async (target: number) => {
    while (count < target) {
      const session = await pairSession(system, tenant);
      // A session that nobody ever wrote to has no Signal sessions; each of these has had one short conversation.
      for (let index = 0; index < CONVERSATIONS; index++) {
        const friend = await addPhone(system, 'Friend');
        await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: 'hello' });
      }
      count++;
      if (count % 20 === 0) console.log(`${count} sessions, RSS ${(residentBytes(worker.pid) / MB).toFixed(0)} MB`);
    }
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const measure = async () => {
    const cpu = watchCpu([{ name: 'worker', pid: worker.pid }]);
    await pause(idleMs);
    const idleCpu = cpu().worker!;
    const { heapUsed, external } = await forceCollection(worker);
    const rss = residentBytes(worker.pid);
    const [inUse, idle] = [((heapUsed + external) / MB).toFixed(1), ((idleCpu / idleMs) * 100).toFixed(1)];
    console.log(
      `${count} idle sessions: RSS ${(rss / MB).toFixed(1)} MB, in use ${inUse} MB, CPU while idle ${idle} % of a core`,
    );
    return { rss, inUse: heapUsed + external };
  };

  await pairUpTo(few);
  const atFew = await measure();
  await pairUpTo(many);
  const atMany = await measure();
  const perSession = (of: 'rss' | 'inUse') => ((atMany[of] - atFew[of]) / (many - few) / MB).toFixed(2);
  const connected = (await tenant.api.listSessions()).filter(({ status }) => status === 'connected').length;
  console.log(`
Node ${process.version}, ${connected} sessions connected at the end, one worker:
RSS per idle session ${perSession('rss')} MB, (${(atMany.rss / MB).toFixed(0)} - ${(atFew.rss / MB).toFixed(0)}) / ${many - few}; aim at most ${AIM_MB}
in use per idle session ${perSession('inUse')} MB (heap and external, after a collection; RSS also depends on what V8 keeps in reserve)
RSS of the whole worker by its sessions ${(atMany.rss / many / MB).toFixed(2)} MB`);
} finally {
  await system.stop();
  await own?.stop();
}
