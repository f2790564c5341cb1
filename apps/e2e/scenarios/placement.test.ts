import { beforeAll, expect, test } from 'vitest';
import { addPhone, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const SESSIONS = 6;
/**
 * Each worker has room for all sessions, so that only the strategy spreads them. A session weighs a sixth then, and the
 * processor adds less than three of them to a score. So no worker gets more than four, however busy the machine is.
 */
const system = useSystem({ workers: 2, gateways: 2, maxSessions: SESSIONS });
let tenant: Tenant;

beforeAll(async () => {
  tenant = await registerTenant(system());
});

test('sessions spread over the workers, the less loaded one first (MR-166)', async () => {
  for (let count = 0; count < SESSIONS; count++) await pairSession(system(), tenant);
  const perWorker = new Map<string, number>();
  for (const { workerId } of await tenant.api.listSessions()) {
    perWorker.set(String(workerId), (perWorker.get(String(workerId)) ?? 0) + 1);
  }
  expect(perWorker.size).toBe(2);
  expect(Math.min(...perWorker.values())).toBeGreaterThanOrEqual(SESSIONS / 2 - 1);
});

test('either gateway reaches every session, whoever hosts it', async () => {
  const friend = await addPhone(system(), 'Friend');
  const sessions = await tenant.api.listSessions();
  for (const { url } of system().gateways) {
    const gateway = system().gatewayAt(url).as(tenant.apiKey);
    for (const { id } of sessions) {
      const answer = await gateway.send(id, { to: friend.number, type: 'text', message: 'hello' }, { wait: 'sent' });
      expect(answer).toMatchObject({ status: 200, body: { data: { status: 'sent' } } });
    }
  }
  expect(await system().sandbox.inbox(friend.number)).toHaveLength(2 * sessions.length);
});

expectSoundSystem(system);
