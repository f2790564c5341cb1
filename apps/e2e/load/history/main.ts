// What a long history costs: search over many messages and the list of many chats, through the public API; how fast
// they are filled, and what that writes.
import { loadavg } from 'node:os';
import { createPool } from '@wa-gate/db';
import { registerTenant, type Tenant, uniqueName } from '../../harness/pair-session.ts';
import { startSystem } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { watchCpu } from '../measure/process-cpu.ts';
import { percentile } from '../measure/statistics.ts';
import { fillHistory } from './fill.ts';
import { readOptions } from './options.ts';

/** Nobody waits longer for the filling: an hour. */
const FILL_TIMEOUT_MS = 3_600_000;

const options = readOptions(process.argv.slice(2));
const services = await provideDurableServices();
// Statements over all rows take longer than the installation allows its own.
const pool = createPool({
  url: services.databaseUrl,
  name: 'load-history',
  max: 1,
  statementTimeoutMs: FILL_TIMEOUT_MS,
  silenceTimeoutMs: FILL_TIMEOUT_MS,
});
const system = await startSystem({ services, maxSessions: options.sessions, logLevel: 'warn' });
try {
  console.log(`Node ${process.version}, ${services.description}, load ${loadavg()[0]!.toFixed(1)}`);
  const tenant = await registerTenant(system);
  const slugs: string[] = [];
  while (slugs.length < options.sessions) {
    const sessionId = uniqueName('session');
    await tenant.api.createSession({ sessionId });
    slugs.push(sessionId);
  }
  await fillHistory(pool, { slugs, messages: options.messages, chats: options.chats });
  await measureFilling();
  await ask(tenant, slugs[0]!);
  await printSizes();
} finally {
  await pool.end();
  await system.stop();
}

/** The jobs of the gateway fill what is searched, from the events. */
async function measureFilling(): Promise<void> {
  const behind = async () => {
    const { rows } = await pool.query<{ events: number }>(
      `SELECT coalesce(sum(c.last_seq - coalesce(p.seq, 0)), 0)::int AS events
       FROM session_counters c LEFT JOIN message_index_progress p USING (session_id)`,
    );
    return rows[0]!.events;
  };
  const wal = async () =>
    (await pool.query<{ at: number }>(`SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS at`)).rows[0]!.at;
  const [events, before, begun] = [await behind(), Number(await wal()), performance.now()];
  const gateway = system.process('gateway-1');
  const cpu = watchCpu([{ name: 'gateway', pid: gateway.pid }, ...services.processes]);
  await waitFor(async () => (await behind()) === 0, {
    what: 'search and chats to be filled',
    timeoutMs: FILL_TIMEOUT_MS,
    everyMs: 500,
  });
  const seconds = (performance.now() - begun) / 1_000;
  const spent = Object.entries(cpu())
    .map(([name, ms]) => `${name} ${(ms / events).toFixed(3)}`)
    .join(', ');
  const bytes = (Number(await wal()) - before) / events;
  console.log(
    `filled ${events} events in ${seconds.toFixed(0)} s: ${(events / seconds).toFixed(0)}/s, CPU ms per event: ${spent}, WAL ${bytes.toFixed(0)} bytes per event`,
  );
  await pool.query('VACUUM ANALYZE message_search, chats, messages');
}

async function ask({ api }: Tenant, slug: string): Promise<void> {
  const invoice = Math.floor(options.messages / options.sessions / 40) * 20;
  const questions: [name: string, path: string][] = [
    ['a frequent word', '/api/messages?text=pesan'],
    ['a part of a word', '/api/messages?text=kirim'],
    ['two words', `/api/messages?text=${encodeURIComponent('garansi rusak')}`],
    ['a phrase', `/api/messages?text=${encodeURIComponent('"stok habis tersedia"')}`],
    ['an invoice', `/api/messages?text=${encodeURIComponent(`INV/2026/${String(invoice).padStart(7, '0')}`)}`],
    ['a part of its number', `/api/messages?text=${String(invoice).padStart(7, '0')}`],
    ['a phone number', `/api/messages?text=${encodeURIComponent('+62 812 3333 3350')}`],
    ['an emoji', `/api/messages?text=${encodeURIComponent('👍')}`],
    ['nothing', '/api/messages?text=tidakadasamasekali'],
    ['a word in one session', `/api/sessions/${slug}/messages?text=batal`],
    ['a word and a chat', '/api/messages?text=pesan&chat=628111000007'],
    ['a word and a state', '/api/messages?text=pesan&status=failed'],
    ['a chat', '/api/chats/628111000007/messages'],
    ['chats', '/api/chats'],
    ['chats, 200 of them', '/api/chats?limit=200'],
    ['chats, unread', '/api/chats?unread=true'],
    ['chats, by name', '/api/chats?search=kartika'],
    ['chats, by number', `/api/chats?search=${encodeURIComponent('0811-1000-007')}`],
    ['chats of a session', `/api/sessions/${slug}/chats`],
  ];
  console.log(
    '\n| question | found on the page | p50 ms | p95 ms | highest ms | CPU ms: gateway, PostgreSQL |\n|---|---|---|---|---|---|',
  );
  const watched = [{ name: 'gateway', pid: system.process('gateway-1').pid }, ...services.processes];
  for (const [name, path] of questions) {
    const times: number[] = [];
    let found = 0;
    // The first request makes plans and schemas.
    await api.data(path);
    const cpu = watchCpu(watched);
    for (let n = 0; n < options.requests; n += 1) {
      const begun = performance.now();
      const { messages, chats = messages } = await api.data<{ messages?: unknown[]; chats?: unknown[] }>(path);
      times.push(performance.now() - begun);
      found = chats!.length;
    }
    const shown = [percentile(times, 0.5), percentile(times, 0.95), Math.max(...times)].map((ms) => ms.toFixed(1));
    const { gateway, postgres } = cpu();
    const spent = [gateway!, postgres!].map((ms) => (ms / options.requests).toFixed(1));
    console.log(`| ${name} | ${found} | ${shown.join(' | ')} | ${spent.join(', ')} |`);
  }
  console.log(`\nload ${loadavg()[0]!.toFixed(1)}`);
}

async function printSizes(): Promise<void> {
  const { rows } = await pool.query<{ name: string; size: string }>(
    `SELECT c.relname AS name, pg_size_pretty(pg_relation_size(c.oid)) AS size FROM pg_class c
     WHERE c.relname IN ('messages', 'message_search', 'message_search_pkey', 'message_search_grams', 'chats') ORDER BY 1`,
  );
  console.log(rows.map(({ name, size }) => `${name} ${size}`).join(', '));
}
