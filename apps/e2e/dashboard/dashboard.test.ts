import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { addPhone, registerTenant, uniqueName } from '../harness/pair-session.ts';
import { expectSoundSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { chatJobs } from './chat-jobs.ts';
import { type FirstAnswer, firstAnswer } from './first-answer.ts';
import { Keyboard } from './keyboard.ts';
import { PAGES } from './pages.ts';
import { roleJobs } from './role-jobs.ts';
import { sessionJobs } from './session-jobs.ts';
import { useStage } from './stage.ts';
import type { Look } from './visitor.ts';

const stage = useStage({ gateways: 2, workers: 1 });

describe('every page (MR-200)', () => {
  const looks: [string, Look][] = [
    ['wide, light, English', { width: 1440, theme: 'light', language: 'en' }],
    ['narrow, dark, Indonesian', { width: 360, theme: 'dark', language: 'id' }],
  ];
  test.each(looks)(
    '%s: nothing is refused by the policy, no serious finding of axe, nothing wider than the screen',
    async (_name, look) => {
      const visitor = await stage.visit(look);
      const suffix = `${look.width}-${look.theme}`;
      const findings: Record<string, string[]> = {};
      for (const who of ['anybody', 'person'] as const) {
        if (who === 'person') await visitor.login(stage.tenant);
        for (const { name, path, who: whose = 'person' } of PAGES) {
          if (whose !== who) continue;
          await visitor.goto(path.replace(':session', stage.linked.sessionId).replace(':broadcast', stage.draftId));
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
    const visitor = await stage.visit();
    const { page } = visitor;
    const email = `${uniqueName('new')}@example.test`;
    const phone = await addPhone(stage.system(), 'New shop');
    const customer = await addPhone(stage.system(), 'Customer');

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
    stage.system().secrets.add(key);
    expect(await page.getByRole('tabpanel').textContent()).toContain(key);
    expect((await stage.system().gateway.as(key).getSession('new-shop')).name).toBe('New shop');
    await visitor.picture('session-key');
    await page.getByRole('button', { name: 'Link the phone' }).click();

    const code = page.getByRole('img', { name: 'QR code to link session New shop with a phone' });
    await code.waitFor();
    await visitor.picture('session-qr');
    const qr = (await code.getAttribute('data-qr'))!;
    stage.system().secrets.add(qr);
    await stage.system().sandbox.scan(phone.number, qr);
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
        (await stage.system().sandbox.inbox(customer.number)).some(({ text }) => text === 'Hello from the dashboard'),
      {
        what: 'the message on the phone',
      },
    );
    await page.locator('[data-message-id] [data-state=delivered]').waitFor();

    await stage.system().sandbox.sendText(customer.number, phone.number, 'And hello back');
    await page.getByRole('log').getByText('And hello back').waitFor();
    await visitor.picture('chat');
    visitor.expectNoMisdeeds();
  });
});

describe('the keyboard alone (MR-200)', () => {
  test('logs in, links a number, sends a message and a broadcast; where the focus is can be seen at each step', async () => {
    const owner = await registerTenant(stage.system());
    const phone = await addPhone(stage.system(), 'Keyboard shop');
    const customer = await addPhone(stage.system(), 'Keyboard customer');
    const visitor = await stage.visit();
    const { page } = visitor;
    const keyboard = new Keyboard(page);
    const dialog = page.getByRole('dialog');
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const link = (name: string) => page.getByRole('link', { name, exact: true }).first();
    const isOnPhone = (text: string) =>
      waitFor(async () => (await stage.system().sandbox.inbox(customer.number)).some((each) => each.text === text), {
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
    stage.system().secrets.add((await dialog.locator('code').first().textContent())!);
    await keyboard.press(button('Link the phone'));
    const code = page.getByRole('img', { name: 'QR code to link session Keyboard shop with a phone' });
    await code.waitFor();
    const qr = (await code.getAttribute('data-qr'))!;
    stage.system().secrets.add(qr);
    await stage.system().sandbox.scan(phone.number, qr);

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
    const { pool } = stage.system().services;
    const token = `wag_ll_${'a'.repeat(8)}_${randomBytes(32).toString('base64url')}`;
    stage.system().secrets.add(token);
    await pool.query(
      `INSERT INTO mail_tokens (hash, user_id, purpose, email, expires_at)
       SELECT $1, id, 'LOG_IN', email, now() + interval '1 hour' FROM users WHERE email = $2`,
      [createHash('sha256').update(token).digest(), stage.system().admin.email],
    );
    const visitor = await stage.visit();
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

    const late = await stage.visit({ width: 360 });
    await late.goto(`/open#${token}`);
    await late.page.getByText('A link of this kind is good once').waitFor();
    late.expectNoMisdeeds();
  });
});

sessionJobs(stage);
chatJobs(stage);
roleJobs(stage);

describe('the page itself', () => {
  const accept = { accept: 'text/html,application/xhtml+xml' };

  test('old addresses lead to their pages; clients of the API get what they got (MR-200)', async () => {
    const { gateway } = stage.system();
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
    const visitor = await stage.visit();
    const first = await firstAnswer(visitor.page, `${stage.url()}/login`, 'input[type=email]');
    await visitor.login(stage.tenant);
    const again = await firstAnswer(visitor.page, `${stage.url()}/`, '#content dd');
    const told = ({ elapsed, processor }: FirstAnswer) =>
      `${elapsed.toFixed(2)} s, of it ${processor.toFixed(2)} s of a core`;
    console.info(`the page of the login answers after ${told(first)}; the overview, logged in, after ${told(again)}`);
    for (const { processor } of [first, again]) {
      expect(processor).toBeGreaterThan(0);
      expect(processor).toBeLessThan(2);
    }
  });

  test('a first visit loads at most 200 kB of compressed JavaScript; files are kept for ever', async () => {
    const visitor = await stage.visit();
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
    await visitor.login(stage.tenant);
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

expectSoundSystem(stage.system);
