import { describe, expect, test } from 'vitest';
import { registerTenant } from '../harness/pair-session.ts';
import type { Stage } from './stage.ts';
import type { Visitor } from './visitor.ts';

/** What each role sees and does. */
export function roleJobs(stage: Stage): void {
  describe('roles (MR-048)', () => {
    const member = async (role: 'operator' | 'viewer') => {
      const person = await registerTenant(stage.system());
      const { workspaceId } = await stage.tenant.api.wa.me.get();
      const { token } = await stage.tenant.api.wa.invitations.create({
        id: workspaceId,
        body: { email: person.email, role },
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
      paths.push(`/sessions/${stage.linked.sessionId}`, `/sessions/${stage.linked.sessionId}/account`);
      if (paths.includes('/broadcasts')) paths.push('/broadcasts/new', `/broadcasts/${stage.draftId}`);
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
      const visitor = await stage.visit({ width: 1440, theme: 'dark', language: 'en' });
      const { page } = visitor;
      await join(visitor, await member('operator'));
      expect(await lookAtAll(visitor, 'operator')).toEqual([]);
      await visitor.goto(`/chats?session=shop&chat=${stage.friend.number}%40s.whatsapp.net`);
      await page.getByLabel('Write a message').fill('From the operator');
      await page.keyboard.press('Enter');
      await page.getByRole('log').getByText('From the operator').waitFor();
      await visitor.goto('/broadcasts/new');
      await page.getByLabel('Name').fill('Of the operator');
      await page.getByLabel('Text', { exact: true }).fill('Hello');
      await page.getByLabel('Phone numbers').fill(`+${stage.friend.number}`);
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
      const visitor = await stage.visit({ width: 360, theme: 'light', language: 'id' });
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
      const visitor = await stage.visit();
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
}
