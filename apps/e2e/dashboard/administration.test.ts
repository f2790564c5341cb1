import { beforeAll, describe, expect, test } from 'vitest';
import { pairSession } from '../harness/pair-session.ts';
import { expectSoundSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WebhookReceiver } from '../harness/webhook-receiver.ts';
import { broadcastJobs } from './broadcast-jobs.ts';
import { useStage } from './stage.ts';
import type { Look } from './visitor.ts';

const stage = useStage({ workers: 2 });
const { system } = stage;

beforeAll(async () => {
  for (const sessionId of ['kasir', 'gudang']) {
    await pairSession(system(), stage.tenant, { sessionId, phoneName: `Telepon ${sessionId}` });
  }
});

const PAGES = {
  workspace: ['webhooks', 'queues', 'team', 'usage', 'audit'],
  administrator: ['phone', 'admin/fleet', 'admin/users', 'admin/limits', 'admin/logs', 'audit'],
} as const;

describe('the pages of workspace, sandbox and administration (MR-200)', () => {
  const looks: [string, Look][] = [
    ['wide, light, English', { width: 1440, theme: 'light', language: 'en' }],
    ['narrow, dark, Indonesian', { width: 360, theme: 'dark', language: 'id' }],
  ];
  test.each(looks)(
    '%s: nothing is refused by the policy, no serious finding of axe, nothing wider than the screen',
    async (_name, look) => {
      const findings: Record<string, string[]> = {};
      for (const who of ['workspace', 'administrator'] as const) {
        const visitor = await stage.visitAs(who === 'workspace' ? stage.tenant : system().admin, look);
        for (const path of PAGES[who]) {
          await visitor.goto(`/${path}`);
          await visitor.page.locator('h1').first().waitFor();
          await visitor.settled();
          const name = `${who}-${path.replace('/', '-')}`;
          await visitor.picture(`${name}-${look.width}-${look.theme}`);
          const found = [...(await visitor.axe()), ...(await visitor.overflows())];
          if (found.length > 0) findings[name] = found;
        }
        visitor.expectNoMisdeeds();
      }
      expect(findings).toEqual({});
    },
  );
});

describe('the phone of the sandbox', () => {
  test('is made, scans, is written to and writes; its events come beside it; a fault is injected', async () => {
    const admin = await stage.visitAs(system().admin);
    const { page } = admin;
    await admin.goto('/sessions?create=true');
    await page.getByLabel('Name').fill('Trial');
    await page.getByLabel('Id for the API').fill('trial');
    await page.getByRole('dialog').getByRole('button', { name: 'New session' }).click();
    system().secrets.add((await page.getByRole('dialog').locator('code').first().textContent())!);
    await page.getByRole('button', { name: 'Link the phone' }).click();

    await page.getByRole('link', { name: 'Phone', exact: true }).click();
    await page.getByRole('button', { name: 'New phone' }).click();
    await page.getByLabel('Name').fill('My phone');
    await page.getByRole('dialog').getByRole('button', { name: 'New phone' }).click();
    const screen = page.getByRole('region', { name: 'Screen of the phone of My phone' });
    await screen.waitFor();
    await page.getByRole('button', { name: 'Scan Trial' }).click();
    const device = page.getByRole('region', { name: 'Linked devices' }).getByRole('listitem');
    await device.getByText('connected', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Events' }).getByText('connection.open').first().waitFor();

    await screen.getByRole('button', { name: 'New chat' }).click();
    await page.getByLabel('Number').fill(`+${stage.friend.number}`);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await screen.getByRole('textbox', { name: 'Message' }).fill('Written on the drawn phone');
    await page.keyboard.press('Enter');
    await screen.getByRole('log').getByText('Written on the drawn phone').waitFor();
    await waitFor(async () =>
      (await system().sandbox.inbox(stage.friend.number)).some(({ text }) => text === 'Written on the drawn phone'),
    );
    await page.getByRole('region', { name: 'Events' }).getByText('message.sent').first().waitFor();

    const own = (await page.getByRole('combobox', { name: 'Phone' }).inputValue()).replace(/\D/g, '');
    await system().sandbox.sendText(stage.friend.number, own, 'And an answer');
    await screen.getByRole('log').getByText('And an answer').waitFor();
    await page.getByRole('region', { name: 'Events' }).getByText('message.received').first().waitFor();
    await admin.picture('phone-in-use-1440-light');

    await page.getByRole('button', { name: 'Go offline' }).click();
    await page.getByText('what is sent to it waits at the server').waitFor();
    await page.getByRole('button', { name: 'Go online' }).click();
    await page.getByRole('button', { name: 'Go offline' }).waitFor();

    await page.getByLabel('What happens').selectOption('cut');
    await page.getByRole('button', { name: 'Do it' }).click();
    await page.getByRole('region', { name: 'Events' }).getByText('connection.close').first().waitFor();
    await device.getByText('connected', { exact: true }).waitFor();
    admin.expectNoMisdeeds();
  });

  test('is not shown to those who may not drive it', async () => {
    const visitor = await stage.visitAs(stage.tenant);
    await visitor.goto('/');
    await visitor.settled();
    expect(await visitor.page.getByRole('link', { name: 'Phone', exact: true }).count()).toBe(0);
    visitor.expectNoMisdeeds();
  });
});

describe('administration (MR-200)', () => {
  test('a worker is drained before one’s eyes: its sessions go to the other, and it takes no more', async () => {
    const admin = await stage.visitAs(system().admin);
    const { page } = admin;
    await admin.goto('/admin/fleet');
    const cards = page
      .getByRole('main')
      .getByRole('listitem')
      .filter({ has: page.getByRole('heading', { level: 2 }) });
    await expect.poll(() => cards.count()).toBe(2);
    const ids = await cards.getByRole('heading', { level: 2 }).allTextContents();
    const hosted = async (id: string) => cards.filter({ hasText: id }).getByRole('img').count();
    const { rowCount: all } = await system().services.pool.query('SELECT FROM session_placements');
    await expect.poll(async () => (await hosted(ids[0]!)) + (await hosted(ids[1]!))).toBe(all);
    const [from = '', to = ''] = (await hosted(ids[0]!)) > 0 ? ids : [...ids].reverse();
    await page.getByRole('button', { name: `What to do with ${from}` }).click();
    await page.getByRole('menuitem', { name: 'Drain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    await expect.poll(() => hosted(to), { timeout: 30_000 }).toBe(all);
    await expect.poll(() => hosted(from)).toBe(0);
    const events = page.getByRole('region', { name: 'Events' }).getByRole('row').filter({ hasText: from });
    await events.getByText('Drained: its process may be ended').waitFor();
    await events.getByText('Is being drained').waitFor();
    await admin.picture('fleet-drained-1440-light');
    await page.getByRole('button', { name: `What to do with ${from}` }).click();
    await page.getByRole('menuitem', { name: 'Take sessions again' }).click();
    await expect.poll(() => cards.filter({ hasText: from }).getByText('Ready').count()).toBe(1);
    admin.expectNoMisdeeds();
  });

  test('a user is made and changed, a tier is changed', async () => {
    const admin = await stage.visitAs(system().admin);
    const { page } = admin;
    await admin.goto('/admin/users');
    await page.getByRole('button', { name: 'New user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Dewi Lestari');
    await dialog.getByLabel('E-mail').fill('dewi@example.test');
    await dialog.getByLabel('Password').fill('a password for Dewi');
    await dialog.getByRole('button', { name: 'New user' }).click();
    await page.getByText('Dewi Lestari can log in now.').waitFor();
    await page.getByRole('searchbox').fill('dewi');
    await page.getByRole('button', { name: 'Change Dewi Lestari' }).click();
    await dialog.getByLabel('Tier').selectOption('pro');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row').filter({ hasText: 'dewi@example.test' }).getByText('pro', { exact: true }).waitFor();
    await admin.goto('/admin/limits');
    await page.getByRole('button', { name: 'Change basic' }).click();
    await dialog.getByLabel('Sessions').fill('7');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('basic was changed.').waitFor();
    admin.expectNoMisdeeds();
  });
});

describe('queues and versions (MR-097, MR-014, MR-200)', () => {
  test('an owner sees what waits, as it comes and goes; an administrator those of all', async () => {
    const owner = await stage.visitAs(stage.tenant);
    const { page } = owner;
    await owner.goto('/queues');
    const waiting = (name: string) =>
      page.getByRole('row').filter({ hasText: name }).getByRole('cell').nth(3).textContent();
    await expect.poll(() => waiting('message-queue')).toBe('0');
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    const later = await stage.linked.api.send('shop', {
      to: stage.friend.number,
      type: 'text',
      message: 'Later',
      scheduledAt,
    });
    await expect.poll(() => waiting('message-queue'), { timeout: 20_000 }).toBe('1');
    await owner.picture('queues-1440-light');
    expect(await page.getByLabel('Whose queues').count()).toBe(0);
    const { messageId } = later.body.data;
    await stage.linked.api.wa.messages.cancel({ id: messageId });
    await expect.poll(() => waiting('message-queue'), { timeout: 20_000 }).toBe('0');
    owner.expectNoMisdeeds();
    const admin = await stage.visitAs(system().admin);
    await admin.goto('/queues');
    await admin.page.getByLabel('Whose queues').selectOption('whole');
    await admin.page.getByText('webhook-queue').waitFor();
    admin.expectNoMisdeeds();
  });

  test('a version is pinned, another one is tried and rolled back', async () => {
    const admin = await stage.visitAs(system().admin);
    const { page } = admin;
    await admin.goto('/admin/fleet');
    const card = page.getByRole('region', { name: 'Version of WhatsApp Web' });
    await card.getByText('What each worker has').waitFor();
    await card.getByRole('button', { name: 'Change the version' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('For all sessions').fill('latest');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A version has three numbers').waitFor();
    await dialog.getByLabel('For all sessions').fill('2.3000.1099999998');
    await dialog.getByLabel('Being tried').fill('2.3000.1099999999');
    await dialog.getByLabel('Per cent').fill('0');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await card.getByText('0 accepted, 0 refused').waitFor();
    await admin.picture('versions-1440-light');
    await page.setViewportSize({ width: 360, height: 740 });
    await admin.picture('versions-360-light');
    expect([...(await admin.axe()), ...(await admin.overflows())]).toEqual([]);
    await page.setViewportSize({ width: 1440, height: 900 });
    await card.getByRole('button', { name: 'Roll back' }).click();
    await expect.poll(() => card.getByText('0 accepted, 0 refused').count()).toBe(0);
    await card.getByText('2.3000.1099999998').waitFor();
    await card.getByRole('button', { name: 'Change the version' }).click();
    await dialog.getByLabel('For all sessions').fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await card.getByText('What each worker has').waitFor();
    admin.expectNoMisdeeds();
  });
});

describe('the workspace (MR-046, MR-066, MR-200)', () => {
  test('somebody is invited by a link, and the audit log tells it', async () => {
    const owner = await stage.visitAs(stage.tenant);
    const { page } = owner;
    await owner.goto('/team');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail').fill('rekan@example.test');
    await dialog.getByLabel('Role').selectOption('viewer');
    await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
    const link = (await dialog.locator('code').first().textContent())!;
    system().secrets.add(link.split('#')[1]!);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('row').filter({ hasText: 'rekan@example.test' }).getByText('Viewer').waitFor();
    await owner.picture('team-invited-1440-light');
    await owner.goto('/audit');
    await page
      .getByText('rekan@example.test')
      .or(page.getByText('invitation', { exact: false }))
      .first()
      .waitFor();
    owner.expectNoMisdeeds();

    const guest = await stage.visit();
    await guest.page.goto(link);
    await guest.page.getByRole('heading', { level: 1 }).waitFor();
    await guest.page.getByRole('link', { name: 'Log in to accept' }).waitFor();
    guest.expectNoMisdeeds();
  });

  test('a webhook is made, tried, and gets what comes', async () => {
    const receiver = await new WebhookReceiver().start();
    const owner = await stage.visitAs(stage.tenant);
    const { page } = owner;
    await owner.goto('/webhooks');
    await page.getByRole('button', { name: 'New webhook' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill(receiver.url);
    await dialog.getByLabel('Name').fill('Kasir');
    await dialog.getByRole('button', { name: 'New webhook' }).click();
    const secret = (await dialog.locator('code').first().textContent())!;
    system().secrets.add(secret);
    receiver.know(secret);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Open Kasir' }).click();
    await page.getByRole('button', { name: 'Send an example' }).click();
    await page.getByText(/Answered 200 in/).waitFor();
    await system().sandbox.sendText(stage.friend.number, stage.linked.phone.number, 'To the webhook of the page');
    const received = await receiver.waitForEvent(
      'message.received',
      ({ data }) => data.text === 'To the webhook of the page',
    );
    const deliveries = page.getByRole('region', { name: 'Deliveries' });
    const rows = deliveries.getByRole('listitem');
    await rows.getByText('Delivered', { exact: true }).first().waitFor();

    // Its program refuses an event: the page says why, and sends it once more when the program is mended.
    const isRefused = ({ data }: { data: Record<string, unknown> }) => data.text === 'Refused at first';
    receiver.fail(isRefused, 422, 422, 422);
    await system().sandbox.sendText(stage.friend.number, stage.linked.phone.number, 'Refused at first');
    await rows.filter({ hasText: '422' }).getByText('Trying again', { exact: true }).waitFor();
    await receiver.waitForEvent('message.received', isRefused);
    const before = receiver.requests.filter(({ event }) => event.id === received.id).length;
    await deliveries
      .getByRole('listitem')
      .filter({ hasText: 'message.received' })
      .last()
      .getByRole('button', { name: 'Send again: message.received' })
      .click();
    await page.getByText('It is sent again.').waitFor();
    await waitFor(() => receiver.requests.filter(({ event }) => event.id === received.id).length > before, {
      what: 'the repetition',
    });
    await owner.picture('webhook-1440-light');
    await page.setViewportSize({ width: 360, height: 740 });
    await owner.picture('webhook-360-light');
    expect([...(await owner.axe()), ...(await owner.overflows())]).toEqual([]);
    await page.setViewportSize({ width: 1440, height: 900 });

    // An address that is gone: what was given up goes out when it is switched on again and asked for.
    const isGone = ({ data }: { data: Record<string, unknown> }) => data.text === 'Given up at first';
    receiver.fail(isGone, 410);
    await system().sandbox.sendText(stage.friend.number, stage.linked.phone.number, 'Given up at first');
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await deliveries.getByLabel('Status').selectOption('failed');
    await rows.getByText('Given up', { exact: true }).first().waitFor();
    await deliveries.getByRole('button', { name: 'Send all given up again' }).click();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await page.getByText(/events? (is|are) sent again\./).waitFor();
    await receiver.waitForEvent('message.received', isGone);
    await deliveries.getByText('Nothing with this status.').waitFor();
    expect([...(await owner.axe()), ...(await owner.overflows())]).toEqual([]);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No webhook yet').waitFor();
    owner.expectNoMisdeeds();
    await receiver.close();
  });
});

broadcastJobs(stage);

expectSoundSystem(system);
