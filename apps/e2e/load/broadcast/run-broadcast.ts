import { setTimeout as sleep } from 'node:timers/promises';
import type { Broadcast, BroadcastReportRow } from '@wa-gate/contracts';
import type { GatewayClient } from '../../harness/gateway-client.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { Phone, WireMessage } from '../../harness/sandbox-client.ts';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';

export interface BroadcastRun {
  recipients: number;
  sessions: number;
  /** Milliseconds between two messages of a session. @default the sessions are not paced */
  gapMs?: number;
  /**
   * Milliseconds between two kills, of workers and gateways in turns, at least: the next one waits until the broadcast
   * has got on after the last.
   */
  killEveryMs: number;
  /** @default no end */
  maxKills?: number;
  /** Milliseconds in which it must have ended. */
  limitMs?: number;
  log?: (line: string) => void;
}

export interface BroadcastOutcome {
  status: string;
  sent: number;
  /** Numbers of phones that show the message not at all, or more than once. */
  notOnce: string[];
  /** How often a gateway has told less progress than any had told before. */
  setBacks: number;
  /** Every gateway tells the counts of the rows of the report. */
  countsAreRows: boolean;
  kills: number;
  seconds: number;
  /** Milliseconds between two messages of a session, by the recorder of the sandbox. `null`: nothing was paced. */
  gaps: { shortest: number; median: number; tooShort: number } | null;
}

const LANES = 8;
const TEXT = 'We open at nine';

/**
 * A broadcast over several sessions, while workers and gateways are killed. In the middle it is paused, a worker and a
 * gateway are killed, and it is resumed.
 */
export async function runBroadcast(system: System, options: BroadcastRun): Promise<BroadcastOutcome> {
  const {
    recipients,
    sessions: sessionCount,
    gapMs,
    killEveryMs,
    maxKills = Infinity,
    limitMs = 180_000,
    log = () => undefined,
  } = options;
  const tenant = await registerTenant(system);
  const sessions = await Promise.all(Array.from({ length: sessionCount }, () => pairSession(system, tenant)));
  // Many who never wrote, from numbers that are new: the defaults would take days, and the guard would pause it.
  const pacing = gapMs === undefined ? { mode: 'off', riskGuard: null } : gapAlone(gapMs);
  await Promise.all(sessions.map(({ sessionId }) => setPacing(tenant.api, sessionId, pacing)));
  const phones = await makePhones(system, recipients);
  log(`${sessions.length} sessions, ${phones.length} phones`);

  const clients = system.gateways.map(({ url }) => asTenant(system, tenant, url));
  const json = { message: `${TEXT}, {{name|friend}}`, sessionIds: sessions.map(({ sessionId }) => sessionId) };
  const { broadcastId } = await clients[0]!.data<Broadcast>('/api/broadcast', { method: 'POST', json });
  const list = `phone,name\n${phones.map(({ number, name }) => `+${number},${name}`).join('\n')}\n`;
  await clients[0]!.data(`/api/broadcast/${broadcastId}/recipients/import`, {
    method: 'POST',
    raw: list,
    headers: { 'content-type': 'text/csv' },
  });
  const path = `/api/broadcast/${broadcastId}`;
  /** Of whichever gateway answers. */
  const ask = (verb: 'start' | 'pause' | 'resume') =>
    waitFor(() => anyOf(clients, (client) => client.data<Broadcast>(`${path}/${verb}`, { method: 'POST' })), {
      what: `the broadcast to ${verb}`,
    });

  const began = performance.now();
  await ask('start');
  let setBacks = 0;
  let most = 0;
  let said = 0;
  const chaos = killInTurns(system, { everyMs: killEveryMs, most: maxKills, progress: () => most, log });
  let hasPaused = false;
  let last: Broadcast | undefined;
  try {
    while (performance.now() - began < limitMs) {
      for (const client of clients) {
        const now = await client.data<Broadcast>(path).catch(() => undefined);
        if (!now) continue;
        if (now.progress < most) setBacks += 1;
        most = Math.max(most, now.progress);
        last = now;
      }
      if (last?.status === 'completed') break;
      if (!hasPaused && most > 0.4) {
        hasPaused = true;
        await ask('pause');
        await chaos.killNow();
        await ask('resume');
        log('paused, killed, resumed');
      }
      if (most >= said + 0.05) {
        said = most;
        log(`${most.toFixed(2)} after ${((performance.now() - began) / 1_000).toFixed(0)} s`);
      }
      await sleep(gapMs === undefined ? 50 : 250);
    }
  } finally {
    await chaos.stop();
  }
  const seconds = (performance.now() - began) / 1_000;
  const countsAreRows = await compareCounts(clients, path);
  const notOnce = await readPhones(system, phones);
  return {
    status: last?.status ?? 'unknown',
    sent: last?.counts.sent ?? 0,
    notOnce,
    setBacks,
    countsAreRows,
    kills: chaos.count(),
    seconds,
    gaps: gapMs === undefined ? null : await readGaps(system, sessions, gapMs),
  };
}

/** Nothing but the gap slows messages down. */
const gapAlone = (broadcastGapMs: number) => ({
  mode: 'on',
  broadcastGapMs,
  jitter: 0,
  warmUp: false,
  firstContactsPerDay: null,
  firstContactsPerHour: null,
  riskGuard: null,
});

/** By how much of the gap the ways of two messages to the recorder may differ. */
const TRANSIT = 0.2;

/** What the recorder of the sandbox has seen between the messages of each session. */
async function readGaps(
  system: System,
  sessions: readonly PairedSession[],
  gapMs: number,
): Promise<BroadcastOutcome['gaps']> {
  const wire = await system.sandbox.wireMessages({ direction: 'up' });
  const gaps = sessions.flatMap(({ phone }) => {
    const isOfBroadcast = ({ device, peer }: WireMessage) =>
      device.startsWith(`${phone.number}:`) &&
      !peer.startsWith(`${phone.number}@`) &&
      !peer.startsWith(`${phone.number}:`);
    const times = wire
      .filter(isOfBroadcast)
      .map(({ firstAt }) => firstAt)
      .toSorted((a, b) => a - b);
    return times.slice(1).map((at, index) => at - times[index]!);
  });
  gaps.sort((a, b) => a - b);
  return {
    shortest: gaps[0] ?? Number.NaN,
    median: gaps[gaps.length >> 1] ?? Number.NaN,
    tooShort: gaps.filter((gap) => gap < gapMs * (1 - TRANSIT)).length,
  };
}

/** Sets how fast a session sends. */
export const setPacing = (api: GatewayClient, sessionId: string, settings: Record<string, unknown>): Promise<unknown> =>
  api.call(`/api/sessions/${sessionId}/pacing`, { method: 'PATCH', json: settings });

const asTenant = (system: System, { apiKey }: Tenant, url: string): GatewayClient => system.gatewayAt(url).as(apiKey);

async function makePhones(system: System, count: number): Promise<Phone[]> {
  const phones: Phone[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      phones.push(await addPhone(system, `Person ${next}`));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return phones;
}

async function anyOf<T>(
  clients: readonly GatewayClient[],
  call: (client: GatewayClient) => Promise<T>,
): Promise<T | undefined> {
  for (const client of clients) {
    const answer = await call(client).catch(() => undefined);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** Kills a worker, then a gateway, and so on, and starts each again. */
function killInTurns(
  system: System,
  {
    everyMs,
    most,
    progress,
    log,
  }: { everyMs: number; most: number; progress: () => number; log: (line: string) => void },
) {
  const names = system.workers.flatMap((worker, index) => [
    worker.name,
    system.gateways[index % system.gateways.length]!.name,
  ]);
  const stopping = new AbortController();
  let kills = 0;
  let restarting: Promise<void> = Promise.resolve();

  /** One after the other, so that there is always a process that goes on. */
  async function killNow(): Promise<void> {
    restarting = restarting.then(async () => {
      const name = names[kills % names.length]!;
      log(`kill -9 ${name} at ${progress().toFixed(2)}`);
      kills += 1;
      await system.restart(name, 'SIGKILL');
    });
    await restarting;
  }

  const running = (async () => {
    const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
    // The first one comes with the first progress.
    for (let wait = 0; kills < most; wait = everyMs) {
      const before = progress();
      await pause(wait);
      while (progress() === before && !stopping.signal.aborted) await pause(20);
      if (stopping.signal.aborted) return;
      await killNow();
    }
  })();
  return {
    killNow,
    count: () => kills,
    async stop() {
      stopping.abort();
      await running;
      await restarting;
    },
  };
}

/** Whether every gateway tells of each state as many as the report has rows. */
async function compareCounts(clients: readonly GatewayClient[], path: string): Promise<boolean> {
  const rows: BroadcastReportRow[] = [];
  for (let cursor = ''; ; ) {
    const page = await clients[0]!.data<{
      recipients: BroadcastReportRow[];
      pagination: { nextCursor: string | null };
    }>(`${path}/report?limit=200${cursor}`);
    rows.push(...page.recipients);
    if (page.pagination.nextCursor === null) break;
    cursor = `&cursor=${page.pagination.nextCursor}`;
  }
  for (const client of clients) {
    const { counts } = await client.data<Broadcast>(path);
    const { total, ...states } = counts;
    if (total !== rows.length) return false;
    for (const [state, count] of Object.entries(states)) {
      if (rows.filter((row) => row.state === state).length !== count) return false;
    }
  }
  return true;
}

/** Which phones do not show the message exactly once. */
async function readPhones(system: System, phones: readonly Phone[]): Promise<string[]> {
  const notOnce: string[] = [];
  let next = 0;
  const lane = async () => {
    while (next < phones.length) {
      const phone = phones[next++]!;
      const shown = (await system.sandbox.inbox(phone.number)).filter(({ text }) => text?.startsWith(TEXT));
      if (shown.length !== 1 || shown[0]!.text !== `${TEXT}, ${phone.name}`) notOnce.push(phone.number);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return notOnce;
}
