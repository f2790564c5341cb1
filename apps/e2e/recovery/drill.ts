import { setTimeout as sleep } from 'node:timers/promises';
import { findViolations } from '@wa-gate/messaging';
import { ownCheckout } from '../harness/checkout.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, waitForStatus } from '../harness/pair-session.ts';
import type { Misdeeds, Phone } from '../harness/sandbox-client.ts';
import { prepareServices } from '../harness/services.ts';
import { type System, startSystem } from '../harness/system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type CompletePostgres, startCompletePostgres } from './complete-postgres.ts';
import { operatorEnvironment, wagJson } from './wag.ts';

/** `dump`: pg_dump. `base`: pg_basebackup and the archived log. */
export type DrillKind = 'dump' | 'base';

export interface DrillOptions {
  kind: DrillKind;
  /** Of traffic before the backup, and again between the backup and the disaster. */
  seconds: number;
  /** Messages per second that customers send, and that people write: each. */
  rate: number;
  sessions: number;
  say?: (text: string) => void;
}

/** A message that the API has accepted. */
export interface AcceptedSend {
  messageId: string;
  text: string;
  /** The phone that must show it. */
  reader: string;
  /** By the clock of this machine, which is also that of the database. */
  acceptedAt: number;
}

export interface DrillReport {
  kind: DrillKind;
  /** The state of the backup. */
  asOf: string;
  accepted: { beforeBackup: number; afterBackup: number };
  /**
   * From the begin of the restore: until the database is there, and until every session sends again. Milliseconds.
   */
  databaseBackMs: number;
  timeToServiceMs: number;
  /** PostgreSQL knows how large the tables are when the database is back, so that it plans well from the beginning. */
  hasStatistics: boolean;
  /** Accepted before the backup, and not shown exactly once by its phone. Must be none. */
  notOnce: string[];
  /** Accepted after the backup, and not in the restored database: named. */
  lost: AcceptedSend[];
  /** Of the lost ones: those that their phones show all the same. */
  lostAndShown: number;
  /** Messages that a phone shows twice. Must be none. */
  shownTwice: string[];
  misdeeds: Misdeeds;
  violations: string[];
  /** The sessions needed no QR code: they are the same devices. */
  sameDevices: boolean;
}

const SECOND_MS = 1_000;

/**
 * A disaster under load: backup, more traffic, the database and all processes are destroyed, restore. The phones and
 * the recorder of the sandbox, which stand for WhatsApp and go on, are the judges.
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const { say = () => undefined } = options;
  const postgres = await startCompletePostgres();
  let system: System | undefined;
  try {
    const redisUrl = process.env.TEST_REDIS_URL!;
    const services = await prepareServices({ databaseUrl: postgres.url, redisUrl }, ownCheckout);
    system = await startSystem({ services, workers: 1, gateways: 1 });
    return await drill(options, postgres, system, say);
  } finally {
    // The database may be gone: its end must not hide the failure.
    await system?.stop().catch(() => undefined);
    await postgres.stop();
  }
}

async function drill(
  { kind, seconds, rate, sessions: count }: DrillOptions,
  postgres: CompletePostgres,
  system: System,
  say: (text: string) => void,
): Promise<DrillReport> {
  const tenant = await registerTenant(system);
  const sessions: PairedSession[] = [];
  const friends: Phone[] = [];
  const groups: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const session = await pairSession(system, tenant);
    const friend = await addPhone(system, 'Friend');
    const group = await system.sandbox.createGroup({
      owner: friend.number,
      subject: 'Drill',
      participants: [session.phone.number],
      addressing: index % 2 === 0 ? 'lid' : 'pn',
    });
    sessions.push(session);
    friends.push(friend);
    groups.push(group.id);
  }
  const devices = async () => Promise.all(sessions.map(({ phone }) => system.sandbox.devices(phone.number)));
  const devicesBefore = await devices();
  const accepted: AcceptedSend[] = [];

  const traffic = startTraffic(rate, {
    async send(number) {
      const index = number % count;
      const session = sessions[index]!;
      const reader = friends[index]!.number;
      const text = `out ${number}`;
      const to = number % 3 === 0 ? groups[index]! : reader;
      const { status, body } = await session.api.send(
        session.sessionId,
        { to, type: 'text', message: text },
        { wait: 'queued' },
      );
      if (status === 202 || status === 200)
        accepted.push({ messageId: body.data.messageId, text, reader, acceptedAt: Date.now() });
    },
    async write(number) {
      const index = number % count;
      const to = number % 3 === 0 ? groups[index]! : sessions[index]!.phone.number;
      await system.sandbox.sendText(friends[index]!.number, to, `in ${number}`);
    },
  });

  await sleep(seconds * SECOND_MS);
  say(`${accepted.length} messages accepted; backing up under load (${kind})`);
  const folder = postgres.folder('backup');
  const env = { ...operatorEnvironment(system), ...postgres.env, PG_BIN: postgres.bin };
  const backupBegan = Date.now();
  const { asOf } = await wagJson<{ asOf: string }>(['backup', folder, ...(kind === 'base' ? ['--base'] : [])], env);
  const backupEnded = Date.now();
  say(`backed up in ${backupEnded - backupBegan} ms, state of ${asOf}; ${seconds} s more of traffic`);
  await sleep(seconds * SECOND_MS);
  await traffic.stop();

  say('disaster: every process is killed, the database is deleted');
  for (const running of [...system.gateways, ...system.workers]) await running.stop({ signal: 'SIGKILL' });
  await postgres.destroy();

  const began = performance.now();
  if (kind === 'dump') {
    await postgres.begin();
    await wagJson(['restore', folder], env);
  } else {
    const data = postgres.folder('restored');
    await wagJson(['restore', folder, '--data', data, '--wal', postgres.archive], env);
    await postgres.beginOn(data);
    await wagJson(['recover', '--kind', 'restored'], env);
  }
  const databaseBackMs = performance.now() - began;
  say(`the database is back after ${Math.round(databaseBackMs)} ms`);
  const { rows: tables } = await system.services.pool.query<{ reltuples: number }>(
    `SELECT reltuples FROM pg_class WHERE oid = 'messages'::regclass`,
  );
  await Promise.all([...system.gateways, ...system.workers].map((process) => process.start()));
  await Promise.all(sessions.map(({ sessionId, api }) => waitForStatus(api, sessionId, 'connected')));
  await Promise.all(sessions.map((session, index) => exchange(system, session, friends[index]!, `after ${index}`)));
  const timeToServiceMs = performance.now() - began;
  say(`every session sends and receives again after ${Math.round(timeToServiceMs)} ms`);

  // The groups too: their sender keys are new.
  for (const [index, session] of sessions.entries()) {
    const text = `after in a group ${index}`;
    await session.api.send(session.sessionId, { to: groups[index]!, type: 'text', message: text }, { wait: 'queued' });
    await waitFor(
      async () => (await system.sandbox.inbox(friends[index]!.number)).some((message) => message.text === text),
      {
        what: `"${text}" at the phone`,
      },
    );
  }

  // A base backup with the log holds everything up to the end of the archive; a dump the state of its snapshot.
  const restored = await readMessageIds(system);
  const isBefore = ({ acceptedAt }: AcceptedSend) => acceptedAt < (kind === 'dump' ? Date.parse(asOf) : backupBegan);
  const lost = accepted.filter(({ messageId }) => !restored.has(messageId));
  const wanted = accepted.filter(({ messageId }) => restored.has(messageId));
  await waitFor(async () => (await unsent(system)) === 0, {
    what: 'everything that waited to be sent',
    timeoutMs: 120_000,
  });
  await waitFor(async () => (await system.sandbox.misdeeds()).unreadMessages === 0, {
    what: 'phones to read everything',
  });

  const shown = new Map<string, number>();
  for (const { number } of friends) {
    for (const { text, fromMe } of await system.sandbox.inbox(number)) {
      if (!fromMe && text) shown.set(text, (shown.get(text) ?? 0) + 1);
    }
  }
  const before = accepted.filter(isBefore);
  const notOnce = [...new Set([...before, ...wanted])]
    .filter(({ text }) => shown.get(text) !== 1)
    .map(({ text }) => text);
  return {
    kind,
    asOf,
    accepted: { beforeBackup: before.length, afterBackup: accepted.length - before.length },
    databaseBackMs: Math.round(databaseBackMs),
    timeToServiceMs: Math.round(timeToServiceMs),
    hasStatistics: tables[0]!.reltuples >= 0,
    notOnce,
    lost,
    lostAndShown: lost.filter(({ text }) => shown.has(text)).length,
    shownTwice: [...shown].filter(([, times]) => times > 1).map(([text]) => text),
    misdeeds: await system.sandbox.misdeeds(),
    violations: (await findViolations(system.services.pool, { settledMs: 120_000 })).map(({ name }) => name),
    sameDevices: JSON.stringify(await devices()) === JSON.stringify(devicesBefore),
  };
}

/** A message each way. */
async function exchange(system: System, session: PairedSession, friend: Phone, text: string): Promise<void> {
  await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: text }, { wait: 'queued' });
  await waitFor(async () => (await system.sandbox.inbox(friend.number)).some((message) => message.text === text), {
    what: `"${text}" at the phone`,
  });
  const answer = `answer to ${text}`;
  await system.sandbox.sendText(friend.number, session.phone.number, answer);
  await waitFor(
    async () => (await session.api.messages(session.sessionId, 'limit=20')).some((message) => message.text === answer),
    {
      what: `"${answer}" at the API`,
    },
  );
}

async function readMessageIds({ services }: System): Promise<Set<string>> {
  const { rows } = await services.pool.query<{ id: string }>(`SELECT id FROM messages WHERE direction = 'OUTBOUND'`);
  return new Set(rows.map(({ id }) => id));
}

async function unsent({ services }: System): Promise<number> {
  const { rows } = await services.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM outbox WHERE state IN ('QUEUED', 'SENDING')`,
  );
  return rows[0]!.count;
}

/** Both directions at a steady rate. `stop` resolves when everything that was begun is finished. */
function startTraffic(
  rate: number,
  { send, write }: { send: (number: number) => Promise<void>; write: (number: number) => Promise<void> },
) {
  const running = new Set<Promise<void>>();
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    for (const work of [send(number), write(number)]) {
      // What is refused was not accepted.
      const done = work.catch(() => undefined).finally(() => running.delete(done));
      running.add(done);
    }
  }, SECOND_MS / rate);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}
