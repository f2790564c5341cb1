import { expect, test } from 'vitest';
import { newNumber, SPELLINGS } from '../harness/numbers.ts';
import { addPhone, readQr, registerTenant, subscribe, uniqueName, waitForStatus } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const system = useSystem({ workers: 1 });
const PNG_MAGIC = '89504e470d0a1a0a';

test('pairs by QR: the code appears, the phone scans it, the session is connected with the number of the phone (MR-008, MR-173)', async () => {
  const tenant = await registerTenant(system());
  const phone = await addPhone(system(), 'Owner');
  const sessionId = uniqueName('qr');
  const created = await tenant.api.createSession({ sessionId, name: 'By QR' });
  expect(created).toMatchObject({ sessionId, name: 'By QR', status: 'initializing' });
  expect(created.apiKey).toMatch(/^wag_test_/);
  const webhook = await subscribe(tenant, sessionId);

  const qr = await readQr(system(), tenant.api, sessionId);
  await waitForStatus(tenant.api, sessionId, 'qr_required');
  await system().sandbox.scan(phone.number, qr);

  const connected = await waitForStatus(tenant.api, sessionId, 'connected');
  expect(connected.phoneNumber).toBe(`+${phone.number}`);
  expect(await system().sandbox.devices(phone.number)).toHaveLength(1);
  await webhook.waitForEvent('connection.open');
  await webhook.close();
});

test('pairs by code: the person enters at the phone what the API said', async () => {
  const tenant = await registerTenant(system());
  const phone = await addPhone(system(), 'Owner');
  const sessionId = uniqueName('code');
  await tenant.api.createSession({ sessionId });
  await readQr(system(), tenant.api, sessionId);

  const { pairingCode } = await tenant.api.wa.sessions.pairingCode({
    id: sessionId,
    body: { phoneNumber: phone.number },
  });
  system().secrets.add(pairingCode);
  await system().sandbox.enterCode(phone.number, pairingCode);

  const connected = await waitForStatus(tenant.api, sessionId, 'connected');
  expect(connected.phoneNumber).toBe(`+${phone.number}`);
});

/** A number, a jid, a link: as people have it at hand. */
const WAYS = [
  (digits: string) => `+${digits}`,
  (digits: string) => `${digits}@s.whatsapp.net`,
  (digits: string) => `https://wa.me/${digits}`,
];

test.each(Object.entries(SPELLINGS).slice(0, 5))(
  'pairs by code with the spelling of the number that is not the name of the account: %s (MR-156)',
  async (country, make) => {
    const [number, other] = make();
    const tenant = await registerTenant(system());
    const phone = await system().sandbox.createPhone({ number, name: 'Owner', aliases: [other] });
    const way = WAYS[Object.keys(SPELLINGS).indexOf(country) % WAYS.length]!;
    const sessionId = uniqueName('code');
    await tenant.api.createSession({ sessionId });
    const path = `/api/sessions/${sessionId}/pairing-code`;
    const json = { phoneNumber: way(other) };
    const { pairingCode } = await tenant.api.data<{ pairingCode: string }>(path, { method: 'POST', json });
    system().secrets.add(pairingCode);
    await system().sandbox.enterCode(phone.number, pairingCode);
    const connected = await waitForStatus(tenant.api, sessionId, 'connected');
    expect(connected.phoneNumber).toBe(`+${number}`);
  },
);

test('a wrong code does not pair, the right one still does', async () => {
  const tenant = await registerTenant(system());
  const phone = await addPhone(system(), 'Owner');
  const sessionId = uniqueName('code');
  await tenant.api.createSession({ sessionId });
  await readQr(system(), tenant.api, sessionId);
  const { pairingCode } = await tenant.api.wa.sessions.pairingCode({
    id: sessionId,
    body: { phoneNumber: phone.number },
  });
  const wrong = pairingCode.replace(/.$/, (last) => (last === 'Z' ? 'Y' : 'Z'));
  await expect(system().sandbox.enterCode(phone.number, wrong)).rejects.toThrow();
  expect(await system().sandbox.devices(phone.number)).toEqual([]);
  await system().sandbox.enterCode(phone.number, pairingCode);
  await waitForStatus(tenant.api, sessionId, 'connected');
});

test('the QR code also comes as PNG and as SVG', async () => {
  const tenant = await registerTenant(system());
  const sessionId = uniqueName('image');
  await tenant.api.createSession({ sessionId });
  await readQr(system(), tenant.api, sessionId);
  const path = `/api/sessions/${sessionId}/qr`;

  const png = await tenant.api.call<Buffer>(path, { headers: { accept: 'image/png' } });
  expect(png).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } });
  expect(png.body.subarray(0, 8).toString('hex')).toBe(PNG_MAGIC);

  const svg = await tenant.api.call<Buffer>(path, { headers: { accept: 'image/svg+xml' } });
  expect(svg.status).toBe(200);
  expect(svg.headers['content-type']).toMatch(/^image\/svg\+xml/);
  expect(svg.body.toString('utf8')).toMatch(/<svg[^>]*>.*<path/s);
});

test('refuses a pairing code for something that is no number', async () => {
  const tenant = await registerTenant(system());
  const sessionId = uniqueName('code');
  await tenant.api.createSession({ sessionId });
  const answer = await tenant.api.call(`/api/sessions/${sessionId}/pairing-code`, {
    method: 'POST',
    json: { phoneNumber: '12' },
  });
  expect(answer).toMatchObject({ status: 400, body: { success: false, code: 'VALIDATION' } });
});

test('two sessions of one number: the phone lists both, and what one sends the other has as typed elsewhere (MR-061)', async () => {
  const tenant = await registerTenant(system());
  const phone = await system().sandbox.createPhone({ number: newNumber(), name: 'Owner' });
  const [first, second] = [uniqueName('first'), uniqueName('second')];
  for (const sessionId of [first, second]) {
    await tenant.api.createSession({ sessionId });
    await system().sandbox.scan(phone.number, await readQr(system(), tenant.api, sessionId));
    await waitForStatus(tenant.api, sessionId, 'connected');
  }
  expect(await system().sandbox.devices(phone.number)).toHaveLength(2);

  const webhook = await subscribe(tenant, second);
  const friend = await addPhone(system(), 'Friend');
  const { body } = await tenant.api.send(first, { to: friend.number, message: 'by the first' }, { wait: 'sent' });
  const { waMessageId } = body.data;
  const { data } = await webhook.waitForEvent('message.sent', (event) => event.data.waMessageId === waMessageId);
  expect(data).toMatchObject({ source: 'phone', fromMe: true, text: 'by the first' });
  await webhook.close();
});

expectSoundSystem(system);
