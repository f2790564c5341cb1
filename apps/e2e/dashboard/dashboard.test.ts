import { createHash, randomBytes } from 'node:crypto';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  type Tenant,
  uniqueName,
} from '../harness/pair-session.ts';
import type { Phone, PhoneChat } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type RunningBrowser, startBrowser } from './chromium.ts';
import { type FirstAnswer, firstAnswer } from './first-answer.ts';
import { Keyboard } from './keyboard.ts';
import { PAGES } from './pages.ts';
import { shiftsOf, watchStillness } from './stillness.ts';
import { type Look, Visitor } from './visitor.ts';

/** Of the screen times the way: browsers call a page still below 0.1. */
const MOST_SHIFT = 0.01;

let sandboxUrl = '';
const system = useSystem({
  gateways: 2,
  workers: 1,
  // Gateways know the phones of the sandbox, as those of `npm start` do.
  adapt: async (spec) => {
    if (spec.name === 'sandbox') sandboxUrl = spec.url;
    return spec.name.startsWith('gateway') ? { ...spec, env: { ...spec.env, SANDBOX_PHONES_URL: sandboxUrl } } : spec;
  },
});
const url = (gateway = 0) => system().gateways[gateway]!.url;

let running: RunningBrowser;
let tenant: Tenant;
let linked: PairedSession;
let friend: Phone;
let draftId: string;
const visitors: Visitor[] = [];

async function visit(look: Look = {}, gateway = 0): Promise<Visitor> {
  const visitor = await Visitor.arrive(running.browser, url(gateway), look);
  visitors.push(visitor);
  return visitor;
}

async function visitAs(person: { email: string; password: string }, look: Look = {}, gateway = 0): Promise<Visitor> {
  const visitor = await visit(look, gateway);
  await visitor.login(person);
  return visitor;
}

beforeAll(async () => {
  [running, tenant] = await Promise.all([startBrowser(), registerTenant(system())]);
  linked = await pairSession(system(), tenant, { sessionId: 'shop', phoneName: 'Toko Melati' });
  friend = await addPhone(system(), 'Budi Santoso');
  for (const text of ['Halo, apakah masih buka?', 'Saya mau pesan dua loyang', 'https://example.com/menu']) {
    await system().sandbox.sendText(friend.number, linked.phone.number, text);
  }
  await linked.api.send(
    'shop',
    { to: friend.number, type: 'text', message: 'Selamat siang! Ya, sampai jam 21.' },
    { wait: 'delivered' },
  );
  await linked.api.send(
    'shop',
    { to: friend.number, type: 'poll', question: 'Kapan diambil?', options: ['Sore ini', 'Besok pagi'] },
    { wait: 'delivered' },
  );
  await linked.api.send(
    'shop',
    { to: friend.number, type: 'location', latitude: -6.2, longitude: 106.816, name: 'Toko Melati' },
    { wait: 'delivered' },
  );
  const draft = await tenant.api.data<{ broadcastId: string }>('/api/broadcast', {
    method: 'POST',
    json: {
      name: 'Jam buka',
      sessionIds: ['shop'],
      message: 'Halo {{name|kawan}}, kami buka pukul sembilan.',
      recipients: [{ to: friend.number, name: 'Budi' }, 'bukan nomor', friend.number],
    },
  });
  draftId = draft.broadcastId;
});

// Pages that nobody looks at any more would go on following events.
afterEach(async () => {
  for (const visitor of visitors.splice(0)) await visitor.leave();
});
afterAll(async () => {
  await running?.stop();
});

describe('every page (MR-200)', () => {
  const looks: [string, Look][] = [
    ['wide, light, English', { width: 1440, theme: 'light', language: 'en' }],
    ['narrow, dark, Indonesian', { width: 360, theme: 'dark', language: 'id' }],
  ];
  test.each(looks)(
    '%s: nothing is refused by the policy, no serious finding of axe, nothing wider than the screen',
    async (_name, look) => {
      const visitor = await visit(look);
      const suffix = `${look.width}-${look.theme}`;
      const findings: Record<string, string[]> = {};
      for (const who of ['anybody', 'person'] as const) {
        if (who === 'person') await visitor.login(tenant);
        for (const { name, path, who: whose = 'person' } of PAGES) {
          if (whose !== who) continue;
          await visitor.goto(path.replace(':session', linked.sessionId).replace(':broadcast', draftId));
          await visitor.page.locator('h1').first().waitFor();
          await visitor.settled();
          await visitor.picture(`${name}-${suffix}`);
          const found = [...(await visitor.axe()), ...(await visitor.overflows())];
          if (found.length > 0) findings[name] = found;
        }
      }
      expect(findings).toEqual({});
      visitor.expectNoMisdeeds();
    },
  );
});

describe('from an account to an answer (MR-047, MR-200)', () => {
  test('somebody registers, makes a session, links it by the code on the page, and sends a message', async () => {
    const visitor = await visit();
    const { page } = visitor;
    const email = `${uniqueName('new')}@example.test`;
    const phone = await addPhone(system(), 'New shop');
    const customer = await addPhone(system(), 'Customer');

    await visitor.goto('/');
    await page.getByRole('link', { name: 'Create one' }).click();
    await page.getByLabel('Name').fill('Sari');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('link', { name: 'Create a session' }).click();
    await page.getByLabel('Name').fill('New shop');
    await page.getByLabel('Id for the API').fill('new-shop');
    await page.getByRole('dialog').getByRole('button', { name: 'New session' }).click();

    // The key is shown once, and works.
    const key = (await page.getByRole('dialog').locator('code').first().textContent())!;
    system().secrets.add(key);
    expect(await page.getByRole('tabpanel').textContent()).toContain(key);
    expect((await system().gateway.as(key).getSession('new-shop')).name).toBe('New shop');
    await visitor.picture('session-key');
    await page.getByRole('button', { name: 'Link the phone' }).click();

    const code = page.getByRole('img', { name: 'QR code to link session New shop with a phone' });
    await code.waitFor();
    await visitor.picture('session-qr');
    const qr = (await code.getAttribute('data-qr'))!;
    system().secrets.add(qr);
    await system().sandbox.scan(phone.number, qr);
    await page.getByText('Connected', { exact: true }).first().waitFor();
    await page.getByText('Session New shop: Connected').waitFor({ state: 'attached' });

    await page.getByRole('link', { name: 'Open its chats' }).click();
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByLabel('Phone number').fill(customer.number);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByLabel('Write a message').fill('Hello from the dashboard');
    await page.keyboard.press('Enter');
    await waitFor(
      async () =>
        (await system().sandbox.inbox(customer.number)).some(({ text }) => text === 'Hello from the dashboard'),
      {
        what: 'the message on the phone',
      },
    );
    await page.locator('[data-message-id] [data-state=delivered]').waitFor();

    await system().sandbox.sendText(customer.number, phone.number, 'And hello back');
    await page.getByRole('log').getByText('And hello back').waitFor();
    await visitor.picture('chat');
    visitor.expectNoMisdeeds();
  });
});

describe('the keyboard alone (MR-200)', () => {
  test('logs in, links a number, sends a message and a broadcast; where the focus is can be seen at each step', async () => {
    const owner = await registerTenant(system());
    const phone = await addPhone(system(), 'Keyboard shop');
    const customer = await addPhone(system(), 'Keyboard customer');
    const visitor = await visit();
    const { page } = visitor;
    const keyboard = new Keyboard(page);
    const dialog = page.getByRole('dialog');
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const link = (name: string) => page.getByRole('link', { name, exact: true }).first();
    const isOnPhone = (text: string) =>
      waitFor(async () => (await system().sandbox.inbox(customer.number)).some((each) => each.text === text), {
        what: `"${text}" on the phone`,
      });

    await visitor.goto('/login');
    await keyboard.type(page.getByLabel('E-mail'), owner.email);
    await keyboard.type(page.getByLabel('Password', { exact: true }), owner.password);
    await page.keyboard.press('Enter');

    await keyboard.press(link('Sessions'));
    await keyboard.press(button('New session').first());
    await keyboard.type(dialog.getByLabel('Name'), 'Keyboard shop');
    await keyboard.press(dialog.getByRole('button', { name: 'New session' }));
    system().secrets.add((await dialog.locator('code').first().textContent())!);
    await keyboard.press(button('Link the phone'));
    const code = page.getByRole('img', { name: 'QR code to link session Keyboard shop with a phone' });
    await code.waitFor();
    const qr = (await code.getAttribute('data-qr'))!;
    system().secrets.add(qr);
    await system().sandbox.scan(phone.number, qr);

    await keyboard.press(link('Open its chats'));
    await keyboard.press(button('New chat'));
    await keyboard.type(page.getByLabel('Phone number'), customer.number);
    await keyboard.press(button('Open'));
    await keyboard.type(page.getByLabel('Write a message'), 'Sent without a mouse');
    await page.keyboard.press('Enter');
    await isOnPhone('Sent without a mouse');

    await keyboard.press(link('Broadcasts'));
    await keyboard.press(link('New broadcast'));
    await keyboard.type(page.getByLabel('Name'), 'Without a mouse');
    await keyboard.type(page.getByLabel('Text', { exact: true }), 'To many, without a mouse');
    await keyboard.type(page.getByLabel('Phone numbers'), `+${customer.number}`);
    await keyboard.press(button('Make the draft'));
    await page.getByRole('heading', { level: 1, name: 'Without a mouse' }).waitFor();
    await keyboard.press(button('Start'));
    await keyboard.press(dialog.getByRole('button', { name: 'Start', exact: true }));
    await isOnPhone('To many, without a mouse');
    await page.getByText('Completed', { exact: true }).waitFor();
    visitor.expectNoMisdeeds();
  });
});

describe('the first day (MR-200)', () => {
  test('a link opens the dashboard logged in, once; three steps lead to a message on a phone of the sandbox', async () => {
    const { pool } = system().services;
    const token = `wag_ll_${'a'.repeat(8)}_${randomBytes(32).toString('base64url')}`;
    system().secrets.add(token);
    await pool.query(
      `INSERT INTO mail_tokens (hash, user_id, purpose, email, expires_at)
       SELECT $1, id, 'LOG_IN', email, now() + interval '1 hour' FROM users WHERE email = $2`,
      [createHash('sha256').update(token).digest(), system().admin.email],
    );
    const visitor = await visit();
    const { page } = visitor;
    await visitor.goto(`/open#${token}`);
    await page.getByRole('heading', { name: 'A tour in three steps' }).waitFor();
    expect(page.url()).not.toContain('wag_ll_');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('button', { name: 'Let a phone scan it' }).click();
    await page.getByRole('button', { name: 'Send it' }).click();
    await page.getByRole('img', { name: /Phone of the customer.*: Hello from wa-gate/ }).waitFor();
    await visitor.picture('tour');
    expect(await visitor.axe()).toEqual([]);
    visitor.expectNoMisdeeds();

    const late = await visit({ width: 360 });
    await late.goto(`/open#${token}`);
    await late.page.getByText('A link of this kind is good once').waitFor();
    late.expectNoMisdeeds();
  });
});

describe('how a session connects (MR-174, MR-200)', () => {
  test('one that the phone has removed is linked again on its page; a proxy that cannot be is refused in words', async () => {
    const again = await pairSession(system(), tenant, { phoneName: 'Gone and back' });
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    await visitor.goto(`/sessions/${again.sessionId}`);

    const proxy = page.getByRole('region', { name: 'Proxy', exact: true });
    await proxy.getByText('directly').waitFor();
    await proxy.getByRole('button', { name: 'Try and use' }).click();
    await proxy.getByText('Enter the address.').waitFor();
    await proxy.getByLabel('Address of a proxy').fill('socks5://127.0.0.1:1080');
    await proxy.getByRole('button', { name: 'Try and use' }).click();
    await proxy.getByText('private').waitFor();

    const [device] = await system().sandbox.devices(again.phone.number);
    await system().sandbox.removeDevice(again.phone.number, device!.id);
    await page.getByRole('button', { name: 'Link again' }).click();
    const code = page.getByRole('img', { name: /^QR code to link session/ });
    await code.waitFor();
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    await visitor.picture('session-relink');
    const qr = (await code.getAttribute('data-qr'))!;
    system().secrets.add(qr);
    await system().sandbox.scan(again.phone.number, qr);
    await page.getByText('Connected', { exact: true }).first().waitFor();
    await tenant.api.data(`/api/sessions/${again.sessionId}`, { method: 'DELETE' });
    visitor.expectNoMisdeeds();
  });
});

describe('the risk and the pacing of a session (MR-097, MR-200)', () => {
  test('a gauge with words follows what WhatsApp says, with reasons and advice; the pacing is changed by a form', async () => {
    // The lock counts for days: broadcasts of this account would be paused.
    const locked = await pairSession(system(), tenant, { sessionId: 'locked', phoneName: 'Toko Mawar' });
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    await visitor.goto('/sessions/locked');
    const risk = page.getByRole('region', { name: 'Risk', exact: true });
    await risk.getByText('of 100').waitFor();
    const fault = await system().sandbox.addFault({ kind: 'time-lock', phone: locked.phone.number });
    await risk.getByText('High', { exact: true }).waitFor();
    await risk.getByText('WhatsApp does not let the account begin new chats at present.').waitFor();
    await risk.getByText('begin no chats for some days').waitFor();
    await visitor.picture('session-risk-1440-light');
    await system().sandbox.cancelFault(fault);

    const pacing = page.getByRole('region', { name: 'Pacing', exact: true });
    await pacing.getByLabel('Seconds between messages of broadcasts').fill('3.5');
    await pacing.getByLabel('Pause broadcasts at a risk of').fill('');
    await pacing.getByLabel('Quiet from').fill('21:00');
    await pacing.getByRole('button', { name: 'Save pacing' }).click();
    await pacing.getByText('Enter both times, or none.').waitFor();
    await pacing.getByLabel('Quiet until').fill('07:30');
    await pacing.getByRole('button', { name: 'Save pacing' }).click();
    await pacing.getByText('No guard:').waitFor();
    const read = () => tenant.api.data<{ settings: Record<string, unknown> }>('/api/sessions/locked/pacing');
    expect((await read()).settings).toMatchObject({
      broadcastGapMs: 3_500,
      messageGapMs: 1_000,
      riskGuard: null,
      quietHours: { from: '21:00', to: '07:30', clock: 'recipient' },
    });
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    visitor.expectNoMisdeeds();
    await tenant.api.data('/api/sessions/locked', { method: 'DELETE' });
  });
});

describe('broadcasts (MR-058, MR-200)', () => {
  const setPacing = (mode: 'on' | 'off') =>
    tenant.api.data('/api/sessions/shop/pacing', { method: 'PATCH', json: { mode } });

  test('a text with variables, numbers and a file: a draft with its bad rows, a preview, and the messages on the phones', async () => {
    await setPacing('off');
    const other = await addPhone(system(), 'Other customer');
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    await visitor.goto('/broadcasts');
    await page.getByRole('link', { name: 'New broadcast' }).click();
    await page.getByRole('button', { name: 'Make the draft' }).click();
    await page.getByText('Write the text of the message.').waitFor();
    await page.getByText('Enter phone numbers, or choose a CSV file or one of your lists.').waitFor();
    await page.getByLabel('Name').fill('Ready orders');
    await page.getByLabel('Text', { exact: true }).fill('Hello {{name|friend}}, order {{order}} is ready.');
    await page.getByLabel('Phone numbers').fill(`+${friend.number}, 12`);
    await page.locator('input[type=file]').setInputFiles({
      name: 'orders.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`phoneNumber;name;order\n${other.number};Ann;4711\nnobody;Ben;1\n`),
    });
    await page.getByText('orders.csv').waitFor();
    await page.getByRole('button', { name: 'Make the draft' }).click();

    await page.getByRole('heading', { level: 1, name: 'Ready orders' }).waitFor();
    await page.getByText('Number 2').waitFor();
    await page.getByRole('listitem').getByText('A phone number has 7 to 15 digits with its country code.').waitFor();
    await page.getByRole('alert').getByText('Line 3').waitFor();
    await visitor.picture('broadcast-draft-1440-light');
    const inIndonesian = await visitAs(tenant, { language: 'id' });
    await inIndonesian.goto(new URL(page.url()).pathname);
    const table = inIndonesian.page.getByRole('table', { name: 'Penerima' });
    await table.getByText('Nomor telepon terdiri dari 7 sampai 15 angka, termasuk kode negara.').waitFor();
    await page.getByLabel('Preview for').fill(other.number);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByRole('status').getByText('Hello Ann, order 4711 is ready.').waitFor();
    await page.getByLabel('Preview for').fill(friend.number);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('This recipient would be skipped: No value for order.').waitFor();

    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 people will be written to').waitFor();
    await dialog.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('Completed', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Why somebody was not reached' }).getByText('No value for order.').waitFor();
    await page.getByRole('row').filter({ hasText: other.number }).getByText('Sent', { exact: true }).waitFor();
    expect((await system().sandbox.inbox(other.number)).map(({ text }) => text)).toEqual([
      'Hello Ann, order 4711 is ready.',
    ]);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Report as CSV' }).click();
    expect((await download).suggestedFilename()).toBe('broadcast.csv');
    await visitor.picture('broadcast-done-1440-light');
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    visitor.expectNoMisdeeds();

    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'Jam buka' }).waitFor();
    expect(await page.getByRole('link', { name: 'Ready orders' }).count()).toBe(0);
  });

  test('a file that is no list leaves nothing behind and the form as it was; one with a time is scheduled, for members of a group too', async () => {
    const neighbours = [await addPhone(system(), 'Neighbour 1'), await addPhone(system(), 'Neighbour 2')];
    await tenant.api.data('/api/sessions/shop/groups', {
      method: 'POST',
      json: { subject: 'Neighbours', participants: neighbours.map(({ number }) => `+${number}`) },
    });
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    const choose = (text: string) =>
      page
        .locator('input[type=file]')
        .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await visitor.goto('/broadcasts/new');
    await page.getByLabel('Name').fill('For next year');
    await page.getByLabel('Text', { exact: true }).fill('Happy new year');
    await page.getByLabel('Start at').fill('2031-01-01T07:00');
    await choose('a,b\nc,d\n');
    await page.getByLabel('People you know already').selectOption('Members of a group');
    await page.getByRole('button', { name: 'Schedule it' }).click();
    await page.getByText('Choose which list, or nobody else.').waitFor();
    await page.getByLabel('Session of the list').selectOption('shop');
    await page.getByLabel('Group', { exact: true }).selectOption('Neighbours (3)');
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    await page.getByRole('button', { name: 'Schedule it' }).click();
    await page.getByText('The broadcast was not made').waitFor();
    const { broadcasts } = await tenant.api.data<{ broadcasts: { name: string }[] }>('/api/broadcast');
    expect(broadcasts.filter(({ name }) => name === 'For next year')).toEqual([]);
    await choose(`phone\n${friend.number}\n`);
    await page.getByRole('button', { name: 'Schedule it' }).click();
    await page.getByText('Scheduled', { exact: true }).waitFor();
    await page.getByText('People of the list').waitFor();
    for (const { number } of neighbours) await page.getByRole('row').filter({ hasText: number }).waitFor();
    // In the time zone of the browser, which is seven hours ahead.
    await page.getByText('Starts 1 Jan 2031, 07:00').waitFor();
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('heading', { level: 1, name: 'Edit “For next year”' }).waitFor();
    expect(await page.getByLabel('Start at').inputValue()).toBe('2031-01-01T07:00');
    await page.getByLabel('Text', { exact: true }).fill('Happy new year, {{name|neighbour}}');
    await page.getByLabel('Start at').fill('2031-01-02T08:30');
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'For next year' }).waitFor();
    await page.getByText('Starts 2 Jan 2031, 08:30').waitFor();
    await page.getByText('Happy new year, {{name|neighbour}}').waitFor();
    await page.getByText('For 3 people').waitFor();
    await page.getByRole('button', { name: 'Cancel the broadcast' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the broadcast' }).click();
    await page.locator('header').getByText('Cancelled', { exact: true }).waitFor();
    visitor.expectNoMisdeeds();
  });

  test('somebody opts out by a page and comes back; a keyword rule is made and tried', async () => {
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    const dialog = page.getByRole('dialog');
    const sound = async (name: string) => {
      await visitor.picture(`${name}-1440-light`);
      const wide = [...(await visitor.axe()), ...(await visitor.overflows())];
      await page.setViewportSize({ width: 360, height: 740 });
      await visitor.picture(`${name}-360-light`);
      const narrow = [...(await visitor.axe()), ...(await visitor.overflows())];
      await page.setViewportSize({ width: 1440, height: 900 });
      expect([...wide, ...narrow]).toEqual([]);
    };
    await visitor.goto('/opt-outs');
    await page.getByText('Nobody has opted out').waitFor();
    await page.getByRole('button', { name: 'Add somebody' }).click();
    await dialog.getByLabel('Phone number').fill(friend.number);
    await dialog.getByLabel('Note').fill('By telephone');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row').filter({ hasText: 'By telephone' }).getByText('Left').waitFor();
    await sound('opt-outs-used');
    await page.getByLabel('Words to leave').fill('STOP, CUKUP');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The keywords were saved.').waitFor();
    await page.getByRole('button', { name: 'Opt in again' }).click();
    await dialog.getByRole('button', { name: 'Opt in again' }).click();
    await page.getByText('Nobody has opted out').waitFor();
    await page.getByText('Came back', { exact: true }).waitFor();

    await visitor.goto('/rules');
    await page.getByRole('button', { name: 'New rule' }).click();
    await dialog.getByLabel('Name').fill('Rooms');
    await dialog.getByLabel('Words', { exact: true }).fill('lihat ruang\npinjam ruang');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Choose what happens').waitFor();
    await dialog.getByLabel('Answer').fill('Rooms are free from nine to five, {{name|friend}}.');
    await sound('rule-new');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Message').fill('Saya mau LIHAT RUANG A');
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    await page.getByText('Rooms fires, by “lihat ruang”.').waitFor();
    await page.getByText('Rooms are free from nine to five, friend.', { exact: true }).waitFor();
    await sound('rules-used');
    await page.getByLabel('Message').fill('cukup');
    await page.getByRole('button', { name: 'Try', exact: true }).click();
    await page.getByText('This is a keyword to leave').waitFor();
    await page.getByRole('button', { name: 'Switch off: Rooms' }).click();
    await page.getByRole('button', { name: 'Switch on: Rooms' }).waitFor();
    await page.getByRole('button', { name: 'Delete: Rooms' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No rule yet').waitFor();
    visitor.expectNoMisdeeds();
  });

  test('one that runs is paused, goes on, and is cancelled for good after a question; the page follows', async () => {
    const visitor = await visitAs(tenant, { width: 360 });
    const { page } = visitor;
    // Paced, this takes many minutes.
    await setPacing('on');
    const { broadcastId } = await tenant.api.data<{ broadcastId: string }>('/api/broadcast', {
      method: 'POST',
      json: {
        name: 'Long list',
        sessionIds: ['shop'],
        message: 'Hello',
        start: true,
        recipients: Array.from({ length: 60 }, (_, n) => `+62811${String(5_000_000 + n)}`),
      },
    });
    await visitor.goto(`/broadcasts/${broadcastId}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Running', { exact: true }).waitFor();
    await visitor.picture('broadcast-running-360-light');
    // What happens elsewhere comes by the stream.
    await tenant.api.data(`/api/broadcast/${broadcastId}/pause`, { method: 'POST' });
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cancel the broadcast' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the broadcast' }).click();
    await page.locator('header').getByText('Cancelled', { exact: true }).waitFor();
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    visitor.expectNoMisdeeds();
  });
});

describe('live (MR-059)', () => {
  test('two browsers at two gateways see what the other does, within a second or two', async () => {
    const [one, two] = await Promise.all([visitAs(tenant), visitAs(tenant, { width: 360 }, 1)]);
    const chat = `/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`;
    await Promise.all([one.goto(chat), two.goto(chat)]);
    await two.page.getByText('Selamat siang!').waitFor();
    await one.page.getByLabel('Write a message').fill('Written in the first browser');
    await one.page.getByRole('button', { name: 'Send' }).click();
    await two.page.getByRole('log').getByText('Written in the first browser').waitFor();
    for (const visitor of [one, two]) {
      await visitor.picture(`conversation-${visitor === one ? 1440 : 360}`);
      expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
      visitor.expectNoMisdeeds();
    }
  });

  test('nothing that is shown moves when something comes by itself, on any page that is live (MR-200)', async () => {
    const others = [await addPhone(system(), 'Still 1'), await addPhone(system(), 'Still 2')];
    await tenant.api.data('/api/sessions/shop/pacing', { method: 'PATCH', json: { mode: 'off' } });
    const { broadcastId } = await tenant.api.data<{ broadcastId: string }>('/api/broadcast', {
      method: 'POST',
      json: {
        name: 'Kabar',
        sessionIds: ['shop'],
        message: 'Kabar baik',
        recipients: [friend, ...others].map(({ number }) => number),
      },
    });
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    const moved: Record<string, unknown> = {};
    const staysStill = async (path: string, happens: () => Promise<void>) => {
      await visitor.goto(path);
      await page.locator('h1').first().waitFor();
      await visitor.settled();
      await watchStillness(page);
      await happens();
      const shifts = await shiftsOf(page);
      const sum = shifts.reduce((before, { value }) => before + value, 0);
      console.info(`${path.split('?')[0]}: layout shift ${sum.toFixed(4)}`);
      if (sum > MOST_SHIFT) moved[path] = shifts;
    };
    const send = (message: string) => linked.api.send('shop', { to: friend.number, type: 'text', message });

    await staysStill('/', async () => {
      const sent = page.locator('dt', { hasText: 'Sent today' }).locator('xpath=following-sibling::dd[1]');
      const before = await sent.textContent();
      await send('For the figures');
      await expect.poll(() => sent.textContent()).not.toBe(before);
    });
    await staysStill('/sessions', async () => {
      const connected = page.getByRole('row').filter({ hasText: 'shop' }).getByText('Connected', { exact: true });
      await connected.waitFor();
      await system().sandbox.addFault({ kind: 'login-failure', phone: linked.phone.number, code: 503 });
      await system().sandbox.addFault({ kind: 'cut', phone: linked.phone.number });
      await connected.waitFor({ state: 'detached' });
      await connected.waitFor();
    });
    await staysStill(`/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`, async () => {
      for (const text of [
        'Masih ada?',
        'Yang mana saja yang masih ada, dan berapa harganya kalau saya ambil tiga sekaligus?',
      ]) {
        await system().sandbox.sendText(friend.number, linked.phone.number, text);
        await page.getByRole('log').getByText(text).waitFor();
      }
    });
    await staysStill(`/broadcasts/${broadcastId}`, async () => {
      await tenant.api.data(`/api/broadcast/${broadcastId}/start`, { method: 'POST' });
      await page.getByText('Completed', { exact: true }).waitFor();
    });
    expect(moved).toEqual({});
    visitor.expectNoMisdeeds();
  });

  test('a chat is archived on the page and pinned on the phone; each shows what the other does (MR-035)', async () => {
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    const { number } = linked.phone;
    await system().sandbox.changeSetting(number, { action: 'label', label: '1', name: 'Pelanggan baru' });
    await visitor.goto(`/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`);
    const choose = async (entry: string) => {
      await page.getByRole('button', { name: 'Actions on the chat' }).click();
      await page.getByRole('menuitem', { name: entry }).click();
    };
    const isOnPhone = (fits: (chat: PhoneChat) => boolean) =>
      waitFor(
        async () => (await system().sandbox.chats(number)).some((chat) => chat.chat === friend.number && fits(chat)),
        {
          what: 'the phone to show it',
        },
      );
    const list = page.getByRole('complementary', { name: 'Chats' });
    await choose('Archive');
    await isOnPhone(({ isArchived }) => isArchived);
    await list.getByText('Archived', { exact: true }).last().waitFor({ state: 'attached' });
    await page.getByLabel('Which chats').selectOption('archived');
    await list.getByText('Budi Santoso').first().waitFor();
    await choose('Pelanggan baru');
    await isOnPhone(({ labels }) => labels.includes('1'));
    await page.getByLabel('Which chats').selectOption('label:1');
    await list.getByText('Budi Santoso').first().waitFor();
    await choose('Take out of the archive');
    await isOnPhone(({ isArchived }) => !isArchived);
    await system().sandbox.changeSetting(number, { action: 'pin', chat: friend.number });
    await page.getByLabel('Which chats').selectOption('pinned');
    await list.getByText('Budi Santoso').first().waitFor();
    await choose('Starred messages');
    await page.getByRole('dialog').getByText('No message has a star yet.').waitFor();
    await page.keyboard.press('Escape');
    await choose('Clear the chat');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    const newestAt = Math.floor(Date.now() / 1_000) - 2 * 86_400;
    await system().sandbox.addPast(number, { chats: [{ chat: friend.number, count: 2, newestAt }] });
    await page.getByRole('button', { name: 'Ask the phone for older messages' }).click();
    await page.getByText('The phone was asked. Older messages appear when it has answered.').waitFor();
    const log = page.getByRole('log');
    const ask = page.getByRole('button', { name: 'Ask the phone for older messages' });
    const isAtTop = async (target: Locator) => {
      await log.evaluate((frame: { scrollTop: number }) => {
        frame.scrollTop = 0;
      });
      return target.isVisible();
    };
    await log.getByText('Past message 2').waitFor();
    // Also before the beginning of a chat of several pages.
    await system().sandbox.addPast(number, {
      chats: [{ chat: friend.number, count: 120, newestAt: newestAt - 86_400 }],
    });
    for (const oldest of ['Past message 50', 'Past message 100']) {
      await waitFor(() => isAtTop(ask), { what: 'the beginning of the chat' });
      await ask.click();
      await waitFor(() => isAtTop(log.getByText(oldest, { exact: true })), { what: oldest });
    }
    expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
    visitor.expectNoMisdeeds();
  });

  test('groups, channels, profile and calls: each page does what it is for, and WhatsApp shows it (MR-200)', async () => {
    const visitor = await visitAs(tenant);
    const { page } = visitor;
    const { sandbox } = system();
    const { number } = linked.phone;
    const told = (text: string) => page.getByText(text, { exact: true }).first().waitFor();
    const looks = async (name: string) => {
      await visitor.picture(`${name}-1440-light`);
      expect([...(await visitor.axe()), ...(await visitor.overflows())], name).toEqual([]);
    };

    await visitor.goto('/groups');
    await page.getByRole('button', { name: 'New group' }).first().click();
    await page.getByLabel('Name of the group').fill('Pelanggan setia');
    await page.getByLabel('People').fill(`+${friend.number}`);
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await told('The group is there.');
    const group = (await sandbox.groups()).find(({ subject }) => subject === 'Pelanggan setia')!;
    expect(group.participants.map((person) => person.number).toSorted()).toEqual([number, friend.number].toSorted());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Show Pelanggan setia' }).click();
    await page.getByRole('dialog').getByText('2 participants').waitFor();
    await looks('group-in-use');
    await page.keyboard.press('Escape');

    const theirs = await sandbox.createGroup({ owner: friend.number, subject: 'Pemasok', participants: [] });
    const { code, expiresAt } = await sandbox.invite(theirs.id, { number });
    const invite = { type: 'groupInvite', groupId: theirs.id, groupName: 'Pemasok', invitation: { code, expiresAt } };
    await sandbox.send(friend.number, { to: number, ...invite });
    await visitor.goto(`/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`);
    await page.getByRole('button', { name: 'Join the group' }).last().click();
    await told('The account is in the group.');
    const people = (await sandbox.group(theirs.id)).participants.map((person) => person.number);
    expect(people).toContain(number);
    await looks('invitation-accepted');

    await visitor.goto('/channels');
    await page.getByRole('button', { name: 'Add a channel' }).click();
    await page.getByLabel('Name of a new channel').fill('Promo mingguan');
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: 'Post in Promo mingguan' }).click();
    await page.getByRole('dialog').getByLabel('Text', { exact: true }).fill('Dua harga satu');
    await page.getByRole('dialog').getByRole('button', { name: 'Post', exact: true }).click();
    await page.getByRole('dialog').getByRole('cell', { name: 'Dua harga satu' }).waitFor();
    await looks('channel-in-use');
    await page.keyboard.press('Escape');

    await visitor.goto(`/sessions/${linked.sessionId}/account`);
    await page.getByLabel('About', { exact: true }).fill('Buka setiap hari');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await waitFor(async () => (await sandbox.profile(number)).about === 'Buka setiap hari', {
      what: 'the new about text',
    });
    await page.getByLabel('Who may add it to groups').selectOption('contacts');
    await waitFor(async () => (await sandbox.profile(number)).privacy.groupadd === 'contacts', {
      what: 'the new privacy',
    });
    await sandbox.call(friend.number, number, { ringMs: 600_000 });
    await page.getByRole('button', { name: 'Reject', exact: true }).click();
    await told('The call is rejected.');
    await page.getByRole('cell', { name: 'Rejected by a program' }).waitFor();
    await looks('account-in-use');
    visitor.expectNoMisdeeds();
  });

  test('a gateway that is killed while the page is open: what is typed stays, and the page is true again', async () => {
    const visitor = await visitAs(tenant, {}, 1);
    const { page } = visitor;
    await visitor.goto(`/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`);
    await page.getByText('Selamat siang!').waitFor();
    await page.getByLabel('Write a message').fill('Typed before the gateway died');
    await system().restart('gateway-2', 'SIGKILL');
    // It comes while the page is away, or before its stream is back.
    await system().sandbox.sendText(friend.number, linked.phone.number, 'Sent meanwhile');
    await page.getByRole('log').getByText('Sent meanwhile').waitFor();
    expect(await page.getByLabel('Write a message').inputValue()).toBe('Typed before the gateway died');
    await page.keyboard.press('Enter');
    await page.getByRole('log').getByText('Typed before the gateway died').waitFor();
  });
});

describe('roles (MR-048)', () => {
  const member = async (role: 'operator' | 'viewer') => {
    const person = await registerTenant(system());
    const { workspaceId } = await tenant.api.data<{ workspaceId: string }>('/api/auth/me');
    const { token } = await tenant.api.data<{ token: string }>(`/api/workspaces/${workspaceId}/invitations`, {
      method: 'POST',
      json: { email: person.email, role },
    });
    return { ...person, token };
  };
  const join = async (visitor: Visitor, { email, password, token }: Awaited<ReturnType<typeof member>>) => {
    const { page } = visitor;
    await visitor.goto(`/invitation#${token}`);
    await page.locator('a[href*="/login"]').first().click();
    await page.locator('input[type=email]').fill(email);
    await page.locator('input[type=password]').fill(password);
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: /^(Accept the invitation|Terima undangan)$/ }).click();
    await page.locator('#content').waitFor();
  };
  /** @returns what was refused while the pages of the navigation were looked at, and what is wider than the screen */
  const lookAtAll = async (visitor: Visitor, suffix: string): Promise<string[]> => {
    const { page } = visitor;
    const findings: string[] = [];
    const paths: string[] = await page
      .locator('aside nav a')
      .evaluateAll((links) => links.map((each) => each.getAttribute('href')!));
    expect(paths).toContain('/chats');
    paths.push(`/sessions/${linked.sessionId}`, `/sessions/${linked.sessionId}/account`);
    if (paths.includes('/broadcasts')) paths.push('/broadcasts/new', `/broadcasts/${draftId}`);
    let at = '';
    page.on('response', (response) => {
      if (response.status() >= 400) findings.push(`${at}: ${response.status()} ${new URL(response.url()).pathname}`);
    });
    for (const path of paths) {
      at = path;
      await visitor.goto(path);
      await page.locator('h1').first().waitFor();
      await visitor.settled();
      await visitor.picture(`${suffix}${path.replaceAll('/', '-')}`);
      findings.push(...(await visitor.overflows()).map((found) => `${at}: ${found}`));
    }
    return findings;
  };

  test('an operator writes and makes broadcasts; nothing is shown that is refused, in the dark and in English', async () => {
    const visitor = await visit({ width: 1440, theme: 'dark', language: 'en' });
    const { page } = visitor;
    await join(visitor, await member('operator'));
    expect(await lookAtAll(visitor, 'operator')).toEqual([]);
    await visitor.goto(`/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`);
    await page.getByLabel('Write a message').fill('From the operator');
    await page.keyboard.press('Enter');
    await page.getByRole('log').getByText('From the operator').waitFor();
    await visitor.goto('/broadcasts/new');
    await page.getByLabel('Name').fill('Of the operator');
    await page.getByLabel('Text', { exact: true }).fill('Hello');
    await page.getByLabel('Phone numbers').fill(`+${friend.number}`);
    await page.getByRole('button', { name: 'Make the draft' }).click();
    await page.getByRole('heading', { level: 1, name: 'Of the operator' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'Jam buka' }).waitFor();
    await visitor.goto('/sessions/shop');
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByRole('heading', { name: 'Keys' }).count()).toBe(0);
    visitor.expectNoMisdeeds();
  });

  test('a viewer looks at everything; nothing is shown that is refused, on a telephone in Indonesian', async () => {
    const visitor = await visit({ width: 360, theme: 'light', language: 'id' });
    await join(visitor, await member('viewer'));
    expect(await lookAtAll(visitor, 'viewer')).toEqual([]);
    await visitor.goto('/team');
    await visitor.page.getByText('Peran Anda di sini: Pengamat').waitFor();
    await visitor.page.getByRole('button', { name: 'Keluar dari ruang kerja' }).click();
    await visitor.page.getByRole('dialog').getByRole('button', { name: 'Keluar dari ruang kerja' }).click();
    await visitor.page.locator('input[type=password]').waitFor();
    visitor.expectNoMisdeeds();
  });

  test('a viewer sees chats and cannot write, link or delete', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await join(visitor, await member('viewer'));
    await page.getByRole('link', { name: 'Chats' }).first().click();
    await page.getByRole('complementary', { name: 'Chats' }).getByText('Budi Santoso').first().click();
    await page.getByText('You may read here.').waitFor();
    await visitor.goto('/sessions/shop');
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.getByRole('button', { name: 'More about this session' }).count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'Keys' }).count()).toBe(0);
    visitor.expectNoMisdeeds();
  });
});

describe('the page itself', () => {
  const accept = { accept: 'text/html,application/xhtml+xml' };

  test('old addresses lead to their pages; clients of the API get what they got (MR-200)', async () => {
    const { gateway } = system();
    for (const [old, now] of [
      ['/login.html', '/login'],
      ['/dashboard.html', '/'],
      ['/broadcast.html', '/broadcasts'],
    ]) {
      const { status, headers } = await gateway.call(old!, { headers: accept });
      expect([status, headers.location]).toEqual([302, now]);
    }
    const page = await gateway.call('/', { headers: accept });
    expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ]);
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect((await gateway.call('/')).headers.location).toBe('/docs');
    expect((await gateway.call<{ code: string }>('/nowhere')).body.code).toBe('ROUTE_NOT_FOUND');
    expect((await gateway.call<{ code: string }>('/api/nowhere', { headers: accept })).body.code).toBe(
      'ROUTE_NOT_FOUND',
    );
  });

  test('answers after less than two seconds of work of the browser', async () => {
    const visitor = await visit();
    const first = await firstAnswer(visitor.page, `${url()}/login`, 'input[type=email]');
    await visitor.login(tenant);
    const again = await firstAnswer(visitor.page, `${url()}/`, '#content dd');
    const told = ({ elapsed, processor }: FirstAnswer) =>
      `${elapsed.toFixed(2)} s, of it ${processor.toFixed(2)} s of a core`;
    console.info(`the page of the login answers after ${told(first)}; the overview, logged in, after ${told(again)}`);
    for (const { processor } of [first, again]) {
      expect(processor).toBeGreaterThan(0);
      expect(processor).toBeLessThan(2);
    }
  });

  test('a first visit loads at most 200 kB of compressed JavaScript; files are kept for ever', async () => {
    const visitor = await visit();
    const sizes: number[] = [];
    const kept: string[] = [];
    const done: Promise<void>[] = [];
    visitor.page.on('response', (response) => {
      if (!response.url().endsWith('.js')) return;
      kept.push(response.headers()['cache-control'] ?? '');
      done.push(
        response
          .request()
          .sizes()
          .then(({ responseBodySize }) => void sizes.push(responseBodySize)),
      );
    });
    await visitor.login(tenant);
    await visitor.settled();
    await Promise.all(done);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    console.info(
      `first load with login and overview: ${Math.round(bytes / 1_000)} kB of JavaScript in ${kept.length} files`,
    );
    expect(new Set(kept)).toEqual(new Set(['public, max-age=31536000, immutable']));
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(200_000);
  });
});

expectSoundSystem(system);
