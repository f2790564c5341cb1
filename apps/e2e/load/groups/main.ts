// What lists of large groups cost, and the first message to one and those after it: the devices of all members, a
// session with each, and the distribution of the sender key come with the first.
import { loadavg } from 'node:os';
import type { Message } from '@wa-gate/contracts';
import { addPhone, type PairedSession, pairSession, registerTenant } from '../../harness/pair-session.ts';
import { startSystem } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';
import { residentBytes, watchCpu } from '../measure/process-cpu.ts';
import { percentile } from '../measure/statistics.ts';
import { storeLargeGroups, timeLists } from './lists.ts';

/** Nobody waits longer for one message: ten minutes. */
const SEND_TIMEOUT_MS = 600_000;

const values = readFlags(process.argv.slice(2), {
  members: { type: 'string', default: '1024' },
  warm: { type: 'string', default: '20' },
  groups: { type: 'string', default: '500' },
});
/** With the account itself. */
const members = within('members', values.members, 2, 1_024);
const warm = within('warm', values.warm, 1, 1_000);
/** In lists; those of a session that sends to none of them. */
const groups = within('groups', values.groups, 0, 2_000);

const services = await provideDurableServices();
const system = await startSystem({ services, maxSessions: 2, logLevel: 'warn' });
try {
  console.log(`Node ${process.version}, ${services.description}, load ${loadavg()[0]!.toFixed(1)}`);
  const tenant = await registerTenant(system);
  const session = await pairSession(system, tenant);
  if (groups > 0) await listGroups(await pairSession(system, tenant));
  const numbers: string[] = [];
  while (numbers.length < members - 1) {
    const phone = await addPhone(system, `Member ${numbers.length + 1}`);
    // What comes back from a thousand phones would be measured with what goes out.
    await system.sandbox.updatePhone(phone.number, { receipts: 'off' });
    numbers.push(phone.number);
  }
  const { phone } = session;
  const { id: cold } = await system.sandbox.createGroup({
    owner: phone.number,
    subject: 'Large',
    participants: numbers,
  });
  // The first one has made everything that belongs to no group, such as the plans of statements.
  const friend = await addPhone(system, 'Friend');
  const { id: small } = await system.sandbox.createGroup({
    owner: phone.number,
    subject: 'Small',
    participants: [friend.number],
  });
  await send(small, 'to a small group');

  const pid = system.process('worker-1').pid;
  const watched = [{ name: 'worker', pid }, ...services.processes];
  const megabytes = () => (residentBytes(pid) / 1_048_576).toFixed(0);
  console.log(
    `\n| message to ${members} members | ms | CPU ms: worker, PostgreSQL | worker RSS before, after |\n|---|---|---|---|`,
  );
  const before = megabytes();
  const cpu = watchCpu(watched);
  const first = await send(cold, 'the first one');
  const spent = cpu();
  console.log(
    `| the first | ${first.toFixed(0)} | ${spent.worker!.toFixed(0)}, ${spent.postgres!.toFixed(0)} | ${before}, ${megabytes()} MB |`,
  );

  const cpuOfWarm = watchCpu(watched);
  const times: number[] = [];
  for (let n = 0; n < warm; n += 1) times.push(await send(cold, `one more, ${n}`));
  const each = Object.fromEntries(Object.entries(cpuOfWarm()).map(([name, ms]) => [name, ms / warm]));
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  console.log(
    `| ${warm} after it, each | p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)} | ${each.worker!.toFixed(1)}, ${each.postgres!.toFixed(1)} | , ${megabytes()} MB |`,
  );
  const shown = async (number: string) =>
    (await system.sandbox.inbox(number)).filter(({ chat, text }) => chat === cold && text === 'the first one').length;
  await waitFor(async () => (await shown(numbers.at(-1)!)) === 1, {
    what: 'the last member to show the first message',
  });
  console.log(`\nload ${loadavg()[0]!.toFixed(1)}`);

  async function listGroups(listed: PairedSession): Promise<void> {
    const megabytesOf = () =>
      ['gateway-1', 'worker-1']
        .map((name) => (residentBytes(system.process(name).pid) / 1_048_576).toFixed(0))
        .join(', ');
    const former = megabytesOf();
    const { names, ms } = await storeLargeGroups(services.pool, listed, groups, members);
    const rows = await timeLists(listed, names);
    console.log(`\n${groups} groups of ${members}, stored in ${ms.toFixed(0)} ms`);
    console.log('\n| with HTTP | p50 ms | p95 ms | max ms |\n|---|---|---|---|');
    console.log(rows.join('\n'));
    console.log(`\nRSS of gateway, worker: ${former} MB before, ${megabytesOf()} MB after`);
  }

  /** Milliseconds until WhatsApp has the message. */
  async function send(to: string, message: string): Promise<number> {
    const begun = performance.now();
    const { messageId } = (await session.api.send(session.sessionId, { to, type: 'text', message })).body.data;
    await waitFor(
      async () => {
        const { status } = await session.api.data<Message>(`/api/messages/${messageId}`);
        if (status === 'failed') throw new Error('The message has failed.');
        return status !== 'queued' && status !== 'sending';
      },
      { what: `"${message}" to be sent`, timeoutMs: SEND_TIMEOUT_MS, everyMs: 20 },
    );
    return performance.now() - begun;
  }
} finally {
  await system.stop();
}
