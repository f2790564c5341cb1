import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { addPhone } from '../harness/pair-session.ts';
import type { PhoneChat } from '../harness/sandbox-client.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Stage } from './stage.ts';
import { shiftsOf, watchStillness } from './stillness.ts';

/** Of the screen times the way: browsers call a page still below 0.1. */
const MOST_SHIFT = 0.01;

/** What is done in chats, groups and channels, and how pages follow what happens elsewhere. */
export function chatJobs(stage: Stage): void {
  describe('live (MR-059)', () => {
    test('two browsers at two gateways see what the other does, within a second or two', async () => {
      const [one, two] = await Promise.all([
        stage.visitAs(stage.tenant),
        stage.visitAs(stage.tenant, { width: 360 }, 1),
      ]);
      const chat = `/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`;
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
      const visitor = await stage.visitAs(stage.tenant);
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
      const send = (message: string) =>
        stage.linked.api.send('shop', { to: stage.friend.number, type: 'text', message });

      await staysStill('/', async () => {
        const sent = page.locator('dt', { hasText: 'Sent today' }).locator('xpath=following-sibling::dd[1]');
        const before = await sent.textContent();
        await send('For the figures');
        await expect.poll(() => sent.textContent()).not.toBe(before);
      });
      await staysStill('/sessions', async () => {
        const connected = page.getByRole('row').filter({ hasText: 'shop' }).getByText('Connected', { exact: true });
        await connected.waitFor();
        await stage.system().sandbox.addFault({ kind: 'login-failure', phone: stage.linked.phone.number, code: 503 });
        await stage.system().sandbox.addFault({ kind: 'cut', phone: stage.linked.phone.number });
        await connected.waitFor({ state: 'detached' });
        await connected.waitFor();
      });
      await staysStill(`/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`, async () => {
        for (const text of [
          'Masih ada?',
          'Yang mana saja yang masih ada, dan berapa harganya kalau saya ambil tiga sekaligus?',
        ]) {
          await stage.system().sandbox.sendText(stage.friend.number, stage.linked.phone.number, text);
          await page.getByRole('log').getByText(text).waitFor();
        }
      });
      // Paced, it takes many minutes.
      const { broadcastId } = await stage.tenant.api.wa.broadcasts.create({
        body: {
          name: 'Kabar',
          sessionIds: ['shop'],
          message: 'Kabar baik',
          recipients: [
            stage.friend.number,
            (await addPhone(stage.system(), 'Still')).number,
            ...Array.from({ length: 60 }, (_, n) => `+62811${5_100_000 + n}`),
          ],
        },
      });
      await staysStill(`/broadcasts/${broadcastId}`, async () => {
        const sent = page.locator('[data-count=sent]');
        await sent.waitFor();
        const before = await sent.textContent();
        // By somebody else: what is moved by an own click is no shift.
        await stage.tenant.api.data(`/api/broadcast/${broadcastId}/start`, { method: 'POST' });
        await expect.poll(() => sent.textContent()).not.toBe(before);
      });
      await stage.tenant.api.wa.broadcasts.cancel({ id: broadcastId });
      expect(moved).toEqual({});
      visitor.expectNoMisdeeds();
    });

    test('a chat is archived on the page and pinned on the phone; each shows what the other does (MR-035)', async () => {
      const visitor = await stage.visitAs(stage.tenant);
      const { page } = visitor;
      const { number } = stage.linked.phone;
      await stage.system().sandbox.changeSetting(number, { action: 'label', label: '1', name: 'Pelanggan baru' });
      await visitor.goto(`/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`);
      const choose = async (entry: string) => {
        await page.getByRole('button', { name: 'Actions on the chat' }).click();
        await page.getByRole('menuitem', { name: entry }).click();
      };
      const isOnPhone = (fits: (chat: PhoneChat) => boolean) =>
        waitFor(
          async () =>
            (await stage.system().sandbox.chats(number)).some(
              (chat) => chat.chat === stage.friend.number && fits(chat),
            ),
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
      await stage.system().sandbox.changeSetting(number, { action: 'pin', chat: stage.friend.number });
      await page.getByLabel('Which chats').selectOption('pinned');
      await list.getByText('Budi Santoso').first().waitFor();
      await choose('Starred messages');
      await page.getByRole('dialog').getByText('No message has a star yet.').waitFor();
      await page.keyboard.press('Escape');
      await choose('Clear the chat');
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      const newestAt = Math.floor(Date.now() / 1_000) - 2 * 86_400;
      await stage.system().sandbox.addPast(number, { chats: [{ chat: stage.friend.number, count: 2, newestAt }] });
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
      await stage.system().sandbox.addPast(number, {
        chats: [{ chat: stage.friend.number, count: 120, newestAt: newestAt - 86_400 }],
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
      const visitor = await stage.visitAs(stage.tenant);
      const { page } = visitor;
      const { sandbox } = stage.system();
      const { number } = stage.linked.phone;
      const told = (text: string) => page.getByText(text, { exact: true }).first().waitFor();
      const looks = async (name: string) => {
        await visitor.picture(`${name}-1440-light`);
        expect([...(await visitor.axe()), ...(await visitor.overflows())], name).toEqual([]);
      };

      await visitor.goto('/groups');
      await page.getByRole('button', { name: 'New group' }).first().click();
      await page.getByLabel('Name of the group').fill('Pelanggan setia');
      await page.getByLabel('People').fill(`+${stage.friend.number}`);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await told('The group is there.');
      const group = (await sandbox.groups()).find(({ subject }) => subject === 'Pelanggan setia')!;
      expect(group.participants.map((person) => person.number).toSorted()).toEqual(
        [number, stage.friend.number].toSorted(),
      );
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Show Pelanggan setia' }).click();
      await page.getByRole('dialog').getByText('2 participants').waitFor();
      await looks('group-in-use');
      await page.keyboard.press('Escape');

      const theirs = await sandbox.createGroup({ owner: stage.friend.number, subject: 'Pemasok', participants: [] });
      const { code, expiresAt } = await sandbox.invite(theirs.id, { number });
      const invite = { type: 'groupInvite', groupId: theirs.id, groupName: 'Pemasok', invitation: { code, expiresAt } };
      await sandbox.send(stage.friend.number, { to: number, ...invite });
      await visitor.goto(`/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`);
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
      await visitor.goto('/chats');
      await page.getByRole('complementary', { name: 'Chats' }).getByText('Promo mingguan').waitFor();

      await visitor.goto(`/sessions/${stage.linked.sessionId}/account`);
      await page.getByLabel('About', { exact: true }).fill('Buka setiap hari');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await waitFor(async () => (await sandbox.profile(number)).about === 'Buka setiap hari', {
        what: 'the new about text',
      });
      await page.getByLabel('Who may add it to groups').selectOption('contacts');
      await waitFor(async () => (await sandbox.profile(number)).privacy.groupadd === 'contacts', {
        what: 'the new privacy',
      });
      await sandbox.call(stage.friend.number, number, { ringMs: 600_000 });
      await page.getByRole('button', { name: 'Reject', exact: true }).click();
      await told('The call is rejected.');
      await page.getByRole('cell', { name: 'Rejected by a program' }).waitFor();
      await looks('account-in-use');
      visitor.expectNoMisdeeds();
    });

    test('a gateway that is killed while the page is open: what is typed stays, and the page is true again', async () => {
      const visitor = await stage.visitAs(stage.tenant, {}, 1);
      const { page } = visitor;
      await visitor.goto(`/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`);
      await page.getByText('Selamat siang!').waitFor();
      await page.getByLabel('Write a message').fill('Typed before the gateway died');
      await stage.system().restart('gateway-2', 'SIGKILL');
      // It comes while the page is away, or before its stream is back.
      const back = Date.now();
      await stage.system().sandbox.sendText(stage.friend.number, stage.linked.phone.number, 'Sent meanwhile');
      await page.getByRole('log').getByText('Sent meanwhile').waitFor();
      console.info(`the page is true again ${((Date.now() - back) / 1_000).toFixed(1)} s after the gateway is back`);
      expect(await page.getByLabel('Write a message').inputValue()).toBe('Typed before the gateway died');
      await page.keyboard.press('Enter');
      await page.getByRole('log').getByText('Typed before the gateway died').waitFor();
    });

    test('a file whose answer is lost on its way is sent again as the same message (MR-200)', async () => {
      const visitor = await stage.visitAs(stage.tenant);
      const { page } = visitor;
      await visitor.goto(`/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`);
      await page.getByText('Selamat siang!').waitFor();
      const answers: number[] = [];
      await page.route('**/send?*', async (route) => {
        const answer = await route.fetch();
        answers.push(answer.status());
        await (answers.length === 1 ? route.abort() : route.fulfill({ response: answer }));
      });
      const file = { name: 'terms.txt', mimeType: 'text/plain', buffer: Buffer.from('Read me') };
      await page.locator('input[type=file]').setInputFiles(file);
      await page.getByLabel('Caption').fill('Sent once');
      await page.getByRole('button', { name: 'Send' }).click();
      await expect.poll(() => page.getByLabel('Write a message').inputValue()).toBe('');
      expect(answers).toEqual([202, 202]);
      const { messages } = await stage.linked.api.wa.messages.list({ id: 'shop', text: 'Sent once' });
      expect(messages.map(({ type }) => type)).toEqual(['document']);
    });
  });
}
