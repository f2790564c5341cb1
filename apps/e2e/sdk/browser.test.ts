import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningBrowser, startBrowser } from '../dashboard/chromium.ts';
import { addPhone, type PairedSession, pairSession, registerTenant } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const system = useSystem({ workers: 1, env: { gateway: { CORS_ORIGIN: '*' } } });
let running: RunningBrowser;
let session: PairedSession;
let page: Page;

/** A site of a customer: an empty page, and the files of the SDK as they are in its package. */
const site = createServer((request, response) => {
  const path = normalize(request.url ?? '/');
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A site</title>');
    return;
  }
  readFile(join(repositoryFile('packages/sdk/dist').pathname, path)).then(
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

expectSoundSystem(system);
