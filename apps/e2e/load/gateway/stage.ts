import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { newId } from '@wa-gate/kit';
import { freePort } from '@wa-gate/testkit';
import { runFrom } from '../../harness/checkout.ts';
import type { ManagedProcess } from '../../harness/managed-process.ts';
import { ManagedProcess as Process } from '../../harness/managed-process.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { Services } from '../../harness/services.ts';
import { type System, startSystem } from '../../harness/system.ts';
import type { Profiling } from '../measure/profiling.ts';
import type { BareProxyEnv } from './bare-proxy.ts';
import type { Shot } from './cannon.ts';

export interface Stage {
  system: System;
  tenant: Tenant;
  gateway: ManagedProcess;
  bare: ManagedProcess;
  /** The state of a session, live from its worker, with its key: through the gateway, and through the bare proxy. */
  status: { gateway: Shot[]; bare: Shot[] };
  /** Messages to be accepted and sent later. */
  sends: Shot[];
  stop(): Promise<void>;
}

const BARE_PROXY = fileURLToPath(new URL('./bare-proxy.js', import.meta.url));

/** One gateway, one worker with linked sessions, and a bare proxy before the same worker. */
export async function prepareStage(
  services: Services,
  {
    sessions,
    logFolder,
    profiling,
    checkout,
  }: { sessions: number; logFolder: string; profiling: Profiling | null; checkout: string },
): Promise<Stage> {
  const system = await startSystem({
    services,
    maxSessions: sessions + 150,
    logLevel: 'warn',
    adapt: runFrom(checkout, { unbundled: profiling !== null }),
    env: { sandbox: { SANDBOX_DECRYPT: 'false' }, ...profiling?.env },
    ...(profiling && { nodeFlags: profiling.nodeFlags }),
  });
  const tenant = await registerTenant(system);
  const paired: PairedSession[] = [];
  while (paired.length < sessions) paired.push(await pairSession(system, tenant));
  const friend = await addPhone(system, 'Friend');

  const { rows } = await services.pool.query<{ id: string; slug: string; epoch: number; incarnation: number }>(
    `SELECT s.id, s.slug, p.epoch, p.incarnation FROM sessions s JOIN session_placements p ON p.session_id = s.id`,
  );
  const placements = new Map(rows.map((row) => [row.slug, row]));
  const worker = system.process('worker-1');
  const port = await freePort();
  const env: BareProxyEnv = {
    PORT: String(port),
    UPSTREAM: worker.url,
    MASTER_KEY: worker.spec.env.WAG_MASTER_KEY!,
    WORKER_ID: worker.spec.env.WORKER_ID!,
    INCARNATION: String(rows[0]!.incarnation),
    EPOCHS: JSON.stringify(Object.fromEntries(rows.map(({ id, epoch }) => [id, String(epoch)]))),
  };
  const url = `http://127.0.0.1:${port}`;
  const bare = new Process(
    { name: 'bare-proxy', main: BARE_PROXY, url, readyPath: '/ready', env: { ...env } },
    logFolder,
  );
  await bare.start();

  const keyed = ({ apiKey }: PairedSession) => ({ authorization: `Bearer ${apiKey}` });
  return {
    system,
    tenant,
    gateway: system.process('gateway-1'),
    bare,
    status: {
      gateway: paired.map((session) => ({
        method: 'GET',
        path: `/api/sessions/${session.sessionId}/status`,
        headers: keyed(session),
      })),
      bare: paired.map(({ sessionId }) => ({
        method: 'GET',
        path: `/session/${placements.get(sessionId)!.id}/status`,
        headers: { 'x-wag-nonce': randomBytes(18).toString('base64url') },
      })),
    },
    sends: paired.map((session) => ({
      method: 'POST',
      path: `/api/sessions/${session.sessionId}/send?wait=queued`,
      headers: { ...keyed(session), 'content-type': 'application/json' },
      body: JSON.stringify({ to: friend.number, type: 'text', message: `A message of ordinary length. ${newId()}` }),
    })),
    async stop() {
      await bare.stop();
      await bare.log.close();
      await system.stop();
    },
  };
}
