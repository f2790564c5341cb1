import { describe, expect, test } from 'vitest';
import { addPhone } from '../harness/pair-session.ts';
import type { Stage } from './stage.ts';

/** What is done with broadcasts, opt-outs and keyword rules. */
export function broadcastJobs(stage: Stage): void {
  describe('broadcasts (MR-058, MR-200)', () => {
    const setPacing = (mode: 'on' | 'off') => stage.tenant.api.wa.sessions.updatePacing({ id: 'shop', body: { mode } });

    test('a text with variables, numbers and a file: a draft with its bad rows, a preview, and the messages on the phones', async () => {
      await setPacing('off');
      const other = await addPhone(stage.system(), 'Other customer');
      const visitor = await stage.visitAs(stage.tenant);
      const { page } = visitor;
      await visitor.goto('/broadcasts');
      await page.getByRole('link', { name: 'New broadcast' }).click();
      await page.getByRole('button', { name: 'Make the draft' }).click();
      await page.getByText('Write the text of the message.').waitFor();
      await page.getByText('Enter phone numbers, or choose a CSV file or one of your lists.').waitFor();
      await page.getByLabel('Name').fill('Ready orders');
      await page.getByLabel('Text', { exact: true }).fill('Hello {{name|friend}}, order {{order}} is ready.');
      await page.getByLabel('Phone numbers').fill(`+${stage.friend.number}, 12`);
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
      const inIndonesian = await stage.visitAs(stage.tenant, { language: 'id' });
      await inIndonesian.goto(new URL(page.url()).pathname);
      const table = inIndonesian.page.getByRole('table', { name: 'Penerima' });
      await table.getByText('Nomor telepon terdiri dari 7 sampai 15 angka, termasuk kode negara.').waitFor();
      await inIndonesian.goto('/contacts');
      await inIndonesian.page.locator('input[type=file]').setInputFiles({
        name: 'kontak.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(`phoneNumber,name\n${other.number},Ann\n08121234567,Ben\n${other.number},\n`),
      });
      const result = inIndonesian.page.getByRole('dialog');
      await result.getByText('Nomor diawali kode negara, bukan 0').waitFor();
      await result.getByText('Namanya tidak ada.').waitFor();
      await page.getByLabel('Preview for').fill(other.number);
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.getByRole('status').getByText('Hello Ann, order 4711 is ready.').waitFor();
      await page.getByLabel('Preview for').fill(stage.friend.number);
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.getByText('This recipient would be skipped: No value for order.').waitFor();

      await page.getByRole('button', { name: 'Start', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('2 people will be written to').waitFor();
      await dialog.getByRole('button', { name: 'Start', exact: true }).click();
      await page.getByText('Completed', { exact: true }).waitFor();
      await page
        .getByRole('region', { name: 'Why somebody was not reached' })
        .getByText('No value for order.')
        .waitFor();
      await page.getByRole('row').filter({ hasText: other.number }).getByText('Sent', { exact: true }).waitFor();
      expect((await stage.system().sandbox.inbox(other.number)).map(({ text }) => text)).toEqual([
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
      const neighbours = [await addPhone(stage.system(), 'Neighbour 1'), await addPhone(stage.system(), 'Neighbour 2')];
      await stage.tenant.api.wa.groups.create({
        id: 'shop',
        body: { subject: 'Neighbours', participants: neighbours.map(({ number }) => `+${number}`) },
      });
      const visitor = await stage.visitAs(stage.tenant);
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
      const { broadcasts } = await stage.tenant.api.wa.broadcasts.list();
      expect(broadcasts.filter(({ name }) => name === 'For next year')).toEqual([]);
      await choose(`phone\n${stage.friend.number}\n`);
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
      const visitor = await stage.visitAs(stage.tenant);
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
      await dialog.getByLabel('Phone number').fill(stage.friend.number);
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
      const visitor = await stage.visitAs(stage.tenant, { width: 360 });
      const { page } = visitor;
      // Paced, this takes many minutes.
      await setPacing('on');
      const { broadcastId } = await stage.tenant.api.wa.broadcasts.create({
        body: {
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
      await stage.tenant.api.wa.broadcasts.pause({ id: broadcastId });
      await page.getByText('Paused', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Cancel the broadcast' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel the broadcast' }).click();
      await page.locator('header').getByText('Cancelled', { exact: true }).waitFor();
      const done = Number(await page.getByRole('progressbar').getAttribute('aria-valuenow'));
      expect(done).toBeLessThan(100);
      expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
      visitor.expectNoMisdeeds();
    });
  });
}
