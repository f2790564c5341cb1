import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type RunningBrowser, startBrowser } from './chromium.ts';
import { Visitor } from './visitor.ts';

/** Each would call `alert` if anything ran it; the visitor notes every dialog, every error and every refused script. */
const MARKUP = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(2)>',
  '<svg onload=alert(3)>',
  '"><iframe srcdoc="<script>alert(4)</script>">',
  'javascript:alert(5)//https://example.com',
  '{{constructor.constructor("alert(6)")()}}',
  '</textarea><body onpageshow=alert(7)>',
  '<a href="javascript:alert(8)">click</a>',
  '<style>@import "//evil.example";*{display:none}</style>',
  '<math><mi xlink:href="data:x,<script>alert(9)</script>">',
  '\u202e<b onmouseover=alert(10)>mo\u0000use',
].map((text) => text.replaceAll('\u0000', ''));
const ALL = MARKUP.join(' ');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(11)"><script>alert(12)</script></svg>');

const system = useSystem();
let running: RunningBrowser;
let tenant: Tenant;
let linked: PairedSession;
let visitor: Visitor;
let stranger: string;

beforeAll(async () => {
  [running, tenant] = await Promise.all([startBrowser(), registerTenant(system())]);
  linked = await pairSession(system(), tenant, { sessionId: 'target' });
  ({ number: stranger } = await addPhone(system(), MARKUP[1]));
  const { sandbox } = system();
  for (const text of MARKUP) await sandbox.sendText(stranger, linked.phone.number, text);
  const to = linked.phone.number;
  await sandbox.send(stranger, {
    to,
    type: 'document',
    data: SVG.toString('base64'),
    mimetype: 'image/svg+xml',
    fileName: '<img src=x onerror=alert(13)>.svg',
  });
  await sandbox.send(stranger, { to, type: 'location', latitude: 1, longitude: 2, name: ALL, address: ALL });
  await sandbox.send(stranger, { to, type: 'poll', name: ALL.slice(0, 250), options: MARKUP.slice(0, 4) });
  await tenant.api.wa.sessions.update({ id: 'target', body: { name: MARKUP[1]! } });
  await tenant.api.wa.contacts.save({ body: { phoneNumber: '6281200000001', name: MARKUP[2]! } });
  await tenant.api.wa.me.update({ body: { name: MARKUP[3]! } });
  await waitFor(async () => (await linked.api.messages('target')).length >= MARKUP.length + 3, {
    what: 'the messages of the stranger',
  });
  visitor = await Visitor.arrive(running.browser, system().gateways[0]!.url);
  await visitor.login(tenant);
});

afterAll(async () => {
  await visitor?.leave();
  await running?.stop();
});

test('bodies, names, places and questions full of markup are shown as they are, and nothing of them runs (MR-155)', async () => {
  const { page } = visitor;
  // High enough for all of them: what is out of sight is not in the page.
  await page.setViewportSize({ width: 1440, height: 5_000 });
  await visitor.goto('/chats');
  await page.locator('aside[aria-label=Chats] a').first().click();
  const log = page.getByRole('log');
  for (const text of MARKUP.filter((one) => !one.includes('\u202e')))
    await log.getByText(text, { exact: true }).first().waitFor();
  expect(await log.locator('script, iframe, style, svg[onload], img[onerror], body').count()).toBe(0);
  expect(await log.locator('a[href^="javascript:"]').count()).toBe(0);
  visitor.expectNoMisdeeds();
});

test('names of sessions, contacts and people are texts on every page (MR-155)', async () => {
  const { page } = visitor;
  await visitor.goto('/sessions');
  await page.getByText(MARKUP[1]!, { exact: true }).first().waitFor();
  await visitor.goto('/sessions/target');
  await page.getByRole('heading', { level: 1, name: MARKUP[1]! }).waitFor();
  await visitor.goto('/contacts');
  await page.getByText(MARKUP[2]!, { exact: true }).first().waitFor();
  await visitor.goto('/settings');
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await page.locator('script:not([src])').count()).toBe(0);
  visitor.expectNoMisdeeds();
});

test('a CSV whose cells are markup is reported as text (MR-155)', async () => {
  const { page } = visitor;
  await visitor.goto('/contacts');
  const rows = MARKUP.map(
    (text, index) => `"${text.replaceAll('"', '""')}","+62812000010${index.toString().padStart(2, '0')}"`,
  );
  const bad = MARKUP.map((text) => `Somebody,"${text.replaceAll('"', '""')}"`);
  await page.locator('input[type=file]').setInputFiles({
    name: '<svg onload=alert(14)>.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(['name,phoneNumber', ...rows, ...bad].join('\n')),
  });
  await page.getByRole('dialog').waitFor();
  visitor.expectNoMisdeeds();
});

test('an SVG that somebody sent is saved, not shown: opened by its address it runs nothing (MR-155)', async () => {
  const { media } = await tenant.api.wa.media.list();
  const svg = media.find(({ mimetype }) => mimetype === 'image/svg+xml');
  expect(svg).toBeDefined();
  const opened = await visitor.page.context().newPage();
  // A download is no page: the navigation is given up.
  await opened.goto(`${system().gateways[0]!.url}/api/media/${svg!.mediaId}/content`).catch(() => undefined);
  await opened.close();
  visitor.expectNoMisdeeds();
});

test('where the login leads to is a page of this dashboard (MR-155)', async () => {
  const visitors = await Visitor.arrive(running.browser, system().gateways[0]!.url);
  for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(15)']) {
    await visitors.goto(`/login?next=${encodeURIComponent(next)}`);
    await visitors.page.locator('input[type=email]').fill(tenant.email);
    await visitors.page.locator('input[type=password]').fill(tenant.password);
    await visitors.page.locator('button[type=submit]').click();
    await visitors.page.locator('#content').waitFor();
    expect(new URL(visitors.page.url()).pathname).toBe('/');
    expect(visitors.page.url().startsWith(system().gateways[0]!.url)).toBe(true);
  }
  visitors.expectNoMisdeeds();
  await visitors.leave();
});

expectSoundSystem(system);
