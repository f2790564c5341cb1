import type { DashboardHistory, DashboardMetrics, QrHistoryEntry, SendResult, Session } from '@wa-gate/contracts';
import { expect, test } from 'vitest';
import { addPhone, registerTenant, uniqueName } from '../harness/pair-session.ts';
import { useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1 });

const DAY_MS = 86_400_000;
/** Milliseconds. More than the test takes. */
const NEEDED_MS = 60_000;
/** The dashboard covers one day in UTC: a midnight during the test would split its figures. */
const isDayLongEnough = () => DAY_MS - (Date.now() % DAY_MS) > NEEDED_MS;

interface Status extends Pick<Session, 'sessionId' | 'status' | 'phoneNumber'> {
  source: 'worker' | 'database';
}

test('one account, without ever naming its session: QR code, status, send, restart, dashboard, logout (MR-033, MR-037, MR-038, MR-039, MR-040, MR-047, MR-199)', async () => {
  await waitFor(isDayLongEnough, { timeoutMs: NEEDED_MS + 10_000, what: 'the next day' });
  const tenant = await registerTenant(system());
  const [owner, ann] = [await addPhone(system(), 'Owner'), await addPhone(system(), 'Ann')];
  const sessionId = uniqueName('only');
  const data = <T>(path: string, json?: object): Promise<T> =>
    tenant.api.data<T>(path, json && { method: 'POST', json });
  const status = (wanted: string) =>
    waitFor(
      async () => {
        const status = await data<Status>('/api/whatsapp/status');
        return status.status === wanted && status.source === 'worker' ? status : undefined;
      },
      { what: `the account to be ${wanted}` },
    );
  const history = async () => (await data<{ history: QrHistoryEntry[] }>('/api/qr/history')).history;
  await tenant.api.createSession({ sessionId });

  const qr = await waitFor(
    async () => {
      const answer = await tenant.api.call<{ data: { qr: string } }>('/api/qr');
      return answer.status === 200 ? answer.body.data.qr : undefined;
    },
    { what: 'the QR code' },
  );
  system().secrets.add(qr);
  await waitFor(async () => (await history()).length > 0);
  expect((await history())[0]).toMatchObject({ sessionId, status: 'shown' });
  await system().sandbox.scan(owner.number, qr);
  expect(await status('connected')).toMatchObject({ sessionId, phoneNumber: `+${owner.number}` });
  expect((await history())[0]).toMatchObject({ status: 'scanned', scannedAt: expect.any(String) });

  const queued = await data<SendResult>('/api/messages/send', { to: ann.number, message: 'hello' });
  expect(queued.status).toBe('queued');
  const { status: sent } = await data<SendResult>('/api/messages/send?wait=sent', { to: ann.number, message: 'again' });
  expect(sent).toBe('sent');
  await waitFor(async () => (await data<DashboardMetrics>('/api/dashboard/metrics')).messagesSentToday === 2);
  expect(await data<DashboardMetrics>('/api/dashboard/metrics')).toMatchObject({
    connection: { status: 'connected', sessions: 1, connected: 1 },
    queues: { 'message-queue': 0 },
    successRate: 100,
  });
  const { responseTimes, topContacts } = await data<DashboardHistory>('/api/dashboard/history');
  expect(responseTimes.at(-1)).toMatchObject({ messages: 2, p50Ms: expect.any(Number) });
  expect(topContacts[0]).toMatchObject({ sent: 2 });

  await data('/api/whatsapp/restart', {});
  await status('connected');
  await data('/api/whatsapp/logout', {});
  await status('disconnected');
  expect(await system().sandbox.devices(owner.number)).toEqual([]);
});
