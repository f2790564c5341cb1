import { beforeAll, expect, test } from 'vitest';
import {
  addPhone,
  pairSession,
  readQr,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1 });
let tenant: Tenant;

beforeAll(async () => {
  tenant = await registerTenant(system());
});

const isLoggedOut = async (sessionId: string) => (await tenant.api.getSession(sessionId)).state === 'logged_out';
const send = (sessionId: string, to: string) =>
  tenant.api.send(sessionId, { to, type: 'text', message: 'too late' }, { wait: 'sent' });

test('the phone removes the device: the session says so, its webhook too, and sends answer 410 (MR-065)', async () => {
  const session = await pairSession(system(), tenant);
  const webhook = await subscribe(tenant, session.sessionId);
  const [device] = await system().sandbox.devices(session.phone.number);
  await system().sandbox.removeDevice(session.phone.number, device!.id);

  await waitFor(() => isLoggedOut(session.sessionId), { what: 'the session to be logged out' });
  await webhook.waitForEvent('session.loggedout');
  expect(await send(session.sessionId, '6281200000001')).toMatchObject({
    status: 410,
    body: { success: false, code: 'SESSION_LOGGED_OUT' },
  });
  await webhook.close();
});

test('logout by the API: the phone has no device any more and sends answer 410', async () => {
  const session = await pairSession(system(), tenant);
  await tenant.api.wa.sessions.logout({ id: session.sessionId });
  await waitFor(async () => (await system().sandbox.devices(session.phone.number)).length === 0, {
    what: 'the device to be gone from the phone',
  });
  await waitFor(() => isLoggedOut(session.sessionId));
  expect((await send(session.sessionId, '6281200000001')).status).toBe(410);
});

test('a session that was logged out pairs again after a restart, with a new QR code', async () => {
  const session = await pairSession(system(), tenant);
  await tenant.api.wa.sessions.logout({ id: session.sessionId });
  await waitFor(() => isLoggedOut(session.sessionId));

  await tenant.api.wa.sessions.restart({ id: session.sessionId });
  const qr = await readQr(system(), tenant.api, session.sessionId);
  const phone = await addPhone(system(), 'Another owner');
  await system().sandbox.scan(phone.number, qr);
  const again = await waitForStatus(tenant.api, session.sessionId, 'connected');
  expect(again.phoneNumber).toBe(`+${phone.number}`);
});

test('a deleted session is gone: 404 for it, its key is worth nothing, the phone has no device', async () => {
  const session = await pairSession(system(), tenant);
  const answer = await tenant.api.call(`/api/sessions/${session.sessionId}`, { method: 'DELETE' });
  expect(answer.status).toBe(200);
  await waitFor(async () => (await system().sandbox.devices(session.phone.number)).length === 0, {
    what: 'the device to be gone from the phone',
  });
  const gone = await tenant.api.call(`/api/sessions/${session.sessionId}`);
  expect(gone).toMatchObject({ status: 404, body: { success: false } });
  expect((await session.api.call(`/api/sessions/${session.sessionId}`)).status).toBe(401);
});

test('the name of a deleted session can be used again', async () => {
  const first = await pairSession(system(), tenant);
  await tenant.api.call(`/api/sessions/${first.sessionId}`, { method: 'DELETE' });
  const second = await waitFor(() => pairSession(system(), tenant, { sessionId: first.sessionId }));
  expect(second.apiKey).not.toBe(first.apiKey);
});

test('a restart by the API keeps the device', async () => {
  const session = await pairSession(system(), tenant);
  const devices = await system().sandbox.devices(session.phone.number);
  const webhook = await subscribe(tenant, session.sessionId, ['connection.open']);
  await tenant.api.wa.sessions.restart({ id: session.sessionId });
  await webhook.waitForEvent('connection.open');
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  expect(await system().sandbox.devices(session.phone.number)).toEqual(devices);
  await webhook.close();
});

expectSoundSystem(system);
