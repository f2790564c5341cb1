import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningBrowser, startBrowser } from '../dashboard/chromium.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, uniqueName } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const system = useSystem({ workers: 1, env: { gateway: { CORS_ORIGIN: '*' } } });
let running: RunningBrowser;
let session: PairedSession;
let page: Page;

const FILES = repositoryFile('packages/sdk/dist').pathname;
/** A site of a customer: an empty page, and the files of the SDK as they are in its package. */
const site = createServer((request, response) => {
  const path = normalize(request.url ?? '/');
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A site</title>');
    return;
  }
  readFile(join(FILES, path)).then(
    (file) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(file),
    () => response.writeHead(404).end(),
  );
});

beforeAll(async () => {
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const tenant = await registerTenant(system());
  [running, session] = await Promise.all([startBrowser(), pairSession(system(), tenant)]);
  page = await (await running.browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
});
afterAll(async () => {
  await running?.stop();
  site.close();
});

/** Runs a program in the page. `wa` is a client with the key of the session. */
const inPage = <T>(program: string, values: Record<string, unknown> = {}): Promise<T> =>
  page.evaluate<T>(`(async () => {
    const { createClient, isWaGateError } = await import('/index.js');
    const { url, apiKey, sessionId, values } = ${JSON.stringify({
      url: system().gateways[0]!.url,
      apiKey: session.apiKey,
      sessionId: session.sessionId,
      values,
    })};
    const wa = createClient({ url, apiKey });
    const shop = wa.session(sessionId);
    ${program}
  })()`);

test('the SDK runs in a browser: sends, uploads, lists, streams over a gap, and tells failures (MR-055)', async () => {
  const friend = await addPhone(system(), 'Friend');
  const values = { to: friend.number };
  const sent = await inPage<{ status: string; listed: boolean; code: string }>(
    `
    const { messageId, status } = await shop.sendText(values.to, 'from a browser');
    await wa.waitForMessage(messageId, 'delivered');
    const pixel = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), (one) => one.charCodeAt(0));
    await shop.sendImage(values.to, new File([pixel], 'dot.png', { type: 'image/png' }), { caption: 'a dot' });
    let listed = false;
    for await (const message of shop.messages()) listed ||= message.id === messageId;
    const code = await wa.sessions.get({ id: 'nobody' }).then(() => '', (error) => isWaGateError(error) ? error.code : String(error));
    return { status, listed, code };
    `,
    values,
  );
  expect(sent).toEqual({ status: 'sent', listed: true, code: 'SESSION_NOT_FOUND' });
  expect((await system().sandbox.inbox(friend.number)).map(({ text, type }) => text ?? type)).toEqual(
    expect.arrayContaining(['from a browser', 'a dot']),
  );

  const heard = inPage<string[]>(`
    const texts = [];
    for await (const event of shop.stream({ events: ['message.received'], onState: (state) => { document.title = state; } })) {
      texts.push(event.data.text);
      if (event.data.text === 'last') return texts;
    }`);
  const isOpen = () => expect.poll(() => page.title(), { timeout: 30_000 }).toBe('open');
  await isOpen();
  await system().sandbox.sendText(friend.number, session.phone.number, 'first');
  await system().restart('gateway-1');
  await system().sandbox.sendText(friend.number, session.phone.number, 'last');
  expect(await heard).toEqual(['first', 'last']);
});

test('a page of the same origin that is logged in by cookie does what the README of the SDK says: no key, changes with the token, a stream that comes back (MR-055)', async () => {
  const { origin } = new URL(system().gateways[0]!.url);
  const tenant = await registerTenant(system());
  const { email, password } = tenant;
  const context = await running.browser.newContext();
  const login = await context.request.post(`${origin}/api/auth/login`, { data: { email, password } });
  expect(login.status()).toBe(200);
  const own = await context.newPage();
  const said: string[] = [];
  own.on('console', (message) => void said.push(message.text()));
  const [, example = ''] = /^```html\n(.*?)^```/ms.exec(
    readFileSync(repositoryFile('packages/sdk/README.md'), 'utf8'),
  )!;
  const html = `<!doctype html>${example.replace("'@wa-gate/sdk'", "'/sdk/index.js'")}`;
  await own.route(`${origin}/own.html`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await own.route(`${origin}/sdk/**`, (route) =>
    route.fulfill({ path: join(FILES, new URL(route.request().url()).pathname.replace('/sdk', '')) }),
  );

  await own.goto(`${origin}/own.html`);
  const has = (word: string, after = 0) =>
    expect.poll(() => said.slice(after).includes(word), { timeout: 30_000 }).toBe(true);
  await has('open');
  await own.getByRole('button').click();
  await has('session.status');
  const before = said.length;
  await system().restart('gateway-1');
  await has('open', before);
  await tenant.api.createSession({ sessionId: uniqueName('later') });
  await has('session.status', before);
  const isExpected = (text: string) => /^(open|reconnecting|[a-z]+\.[a-z_]+|Failed to load resource.*)$/.test(text);
  expect(said.filter((text) => !isExpected(text))).toEqual([]);
  await context.close();
});

expectSoundSystem(system);
