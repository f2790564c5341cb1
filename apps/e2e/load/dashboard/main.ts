// What the dashboard costs in a real browser: the time until pages answer, frames while a chat of many messages is
// scrolled, and the memory of the page over an hour of events, of which the clock of the page is told and nobody waits
// for.
import { loadavg } from 'node:os';
import { startBrowser } from '../../dashboard/chromium.ts';
import { firstAnswer } from '../../dashboard/first-answer.ts';
import { Visitor } from '../../dashboard/visitor.ts';
import { addPhone, pairSession, registerTenant } from '../../harness/pair-session.ts';
import { startSystem } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { fillHistory } from '../history/fill.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readFlags, within } from '../measure/flags.ts';

const values = readFlags(process.argv.slice(2), {
  messages: { type: 'string', default: '100000' },
  seconds: { type: 'string', default: '10' },
  events: { type: 'string', default: '3600' },
});
const messages = within('messages', values.messages, 1_000, 1_000_000);
const seconds = within('seconds', values.seconds, 1, 120);
/** One a second of the page's hour. */
const events = within('events', values.events, 60, 36_000);

/** The first chat of {@link fillHistory}. */
const CHAT = '628111000000@s.whatsapp.net';
/** Events between two looks at the memory. */
const STEP = events / 6;
/** Pixels a frame: a quick finger, about 60 messages a second, and a scroll bar that is dragged. */
const SPEEDS = { finger: 64, 'scroll bar': 4_000 };

/** Scripts for the browser are texts: these files are compiled without its types. */
const FRAME = `document.querySelector('[role=log]')`;
const LOAD_OLDER = `(() => { const frame = ${FRAME}; frame.scrollTop = 0; return frame.scrollHeight; })()`;
const scroll = (pixels: number, ms: number) => `new Promise((done) => {
  const frame = ${FRAME};
  const gaps = [];
  const begin = performance.now();
  let last = begin;
  let pixels = ${pixels};
  const step = (now) => {
    gaps.push(now - last);
    last = now;
    if (frame.scrollTop + frame.clientHeight >= frame.scrollHeight - 1) pixels = -Math.abs(pixels);
    if (frame.scrollTop <= 1) pixels = Math.abs(pixels);
    frame.scrollTop += pixels;
    if (now - begin < ${ms}) requestAnimationFrame(step);
    else done({ framesPerSecond: (1_000 * gaps.length) / (now - begin), longestMs: Math.max(...gaps) });
  };
  requestAnimationFrame(step);
})`;

const services = await provideDurableServices();
const system = await startSystem({ services, maxSessions: 2, logLevel: 'warn' });
const running = await startBrowser();
try {
  console.log(`Node ${process.version}, ${services.description}, load ${loadavg()[0]!.toFixed(1)}`);
  const tenant = await registerTenant(system);
  const shop = await pairSession(system, tenant, { sessionId: 'shop' });
  const friend = await addPhone(system, 'Budi Santoso');
  await fillHistory(services.pool, { slugs: ['shop'], messages, chats: 1 });
  await openPages();
  await scrollLongChat();
  await followAnHour();
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);

  async function openPages(): Promise<void> {
    const visitor = await Visitor.arrive(running.browser, system.gateways[0]!.url);
    const { url } = system.gateways[0]!;
    console.log('\n| page | answers after, s | of it processor, s |\n|---|---|---|');
    const told = async (name: string, path: string, selector: string) => {
      const { elapsed, processor } = await firstAnswer(visitor.page, `${url}${path}`, selector);
      console.log(`| ${name} | ${elapsed.toFixed(2)} | ${processor.toFixed(2)} |`);
    };
    await told('login, first visit', '/login', 'input[type=email]');
    await visitor.login(tenant);
    await told('overview', '/', '#content dd');
    await told('a chat', `/chats?session=shop&chat=${encodeURIComponent(CHAT)}`, '[data-message-id]');
    visitor.expectNoMisdeeds();
    await visitor.leave();
  }

  async function scrollLongChat(): Promise<void> {
    const visitor = await Visitor.arrive(running.browser, system.gateways[0]!.url);
    const { page } = visitor;
    let pages = 0;
    page.on('response', (response) => {
      if (/\/chats\/[^/]+\/messages/.test(response.url())) pages += 1;
    });
    await visitor.login(tenant);
    await visitor.goto(`/chats?session=shop&chat=${encodeURIComponent(CHAT)}`);
    await page.locator('[data-message-id]').first().waitFor();
    console.log(`\n| chat of ${messages} messages | frames/s | longest frame, ms |\n|---|---|---|`);
    await scrollAt('newest 60', page);
    const begin = Date.now();
    let height = 0;
    const all = messages / 60 - 1;
    await waitFor(
      async () => {
        height = await page.evaluate<number>(LOAD_OLDER);
        return pages >= all;
      },
      { what: 'all messages to have come', timeoutMs: 1_800_000, everyMs: 15 },
    );
    console.log(
      `| all are loaded: ${pages} requests in ${Math.round((Date.now() - begin) / 1_000)} s, ${height} pixels | | |`,
    );
    await scrollAt('all', page);
    const asked = pages;
    const arriving = (async () => {
      for (let n = 0; n < 5 * seconds; n += 1) {
        await system.sandbox.sendText(friend.number, shop.phone.number, `While somebody scrolls ${n}`);
        await new Promise((done) => setTimeout(done, 150));
      }
    })();
    await scrollAt('all, while 5 messages a second come in', page);
    await arriving;
    console.log(`| requests for messages meanwhile: ${pages - asked} | | |`);
    visitor.expectNoMisdeeds();
    await visitor.leave();
  }

  async function scrollAt(what: string, page: Visitor['page']): Promise<void> {
    for (const [speed, pixels] of Object.entries(SPEEDS)) {
      const { framesPerSecond, longestMs } = await page.evaluate<{ framesPerSecond: number; longestMs: number }>(
        scroll(pixels, (seconds * 1_000) / 2),
      );
      console.log(`| ${what}, by ${speed} | ${framesPerSecond.toFixed(1)} | ${longestMs.toFixed(0)} |`);
    }
  }

  async function followAnHour(): Promise<void> {
    const visitor = await Visitor.arrive(running.browser, system.gateways[0]!.url);
    const { page } = visitor;
    await page.clock.install();
    await visitor.login(tenant);
    await visitor.goto(`/chats?session=shop&chat=${friend.number}%40s.whatsapp.net`);
    const devtools = await page.context().newCDPSession(page);
    console.log(
      `\n| events, of one hour by the clock of the page | heap, MB | DOM nodes | listeners |\n|---|---|---|---|`,
    );
    for (let sent = 0; sent <= events; sent += 1) {
      if (sent % STEP === 0) {
        await page
          .getByRole('log')
          .getByText(`Event ${sent}`, { exact: true })
          .waitFor({ timeout: 60_000 })
          .catch((error) => {
            if (sent > 0) throw error;
          });
        await devtools.send('HeapProfiler.collectGarbage');
        const { usedSize } = await devtools.send('Runtime.getHeapUsage');
        const { nodes, jsEventListeners } = await devtools.send('Memory.getDOMCounters');
        console.log(`| ${sent} | ${(usedSize / 1_048_576).toFixed(1)} | ${nodes} | ${jsEventListeners} |`);
      }
      await system.sandbox.sendText(friend.number, shop.phone.number, `Event ${sent + 1}`);
      if (sent % 10 === 9) await page.clock.runFor((3_600_000 / events) * 10);
    }
    visitor.expectNoMisdeeds();
    await visitor.leave();
  }
} finally {
  await running.stop();
  await system.stop();
}
