import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import type { System } from '../harness/system.ts';
import { useSystem } from '../harness/use-system.ts';
import { type RunningBrowser, startBrowser } from './chromium.ts';
import { type Look, Visitor } from './visitor.ts';

interface Person {
  email: string;
  password: string;
}

/** What the tests of the dashboard begin with. Members but {@link system} exist only inside of hooks and tests. */
export interface Stage {
  system: () => System;
  url(gateway?: number): string;
  browser: Browser;
  /** The owner of session `shop`, with a chat and the draft of a broadcast. */
  tenant: Tenant;
  /** Session `shop`. */
  linked: PairedSession;
  /** Who `shop` has a chat with. */
  friend: Phone;
  draftId: string;
  /** Somebody who has not logged in. Leaves after the test. */
  visit(look?: Look, gateway?: number): Promise<Visitor>;
  visitAs(person: Person, look?: Look, gateway?: number): Promise<Visitor>;
}

/** One system and one browser for the tests of a file. */
export function useStage(size: { gateways?: number; workers: number }): Stage {
  let sandboxUrl = '';
  const system = useSystem({
    ...size,
    // Gateways know the phones of the sandbox, as those of `npm start` do.
    adapt: async (spec) => {
      if (spec.name === 'sandbox') sandboxUrl = spec.url;
      return spec.name.startsWith('gateway') ? { ...spec, env: { ...spec.env, SANDBOX_PHONES_URL: sandboxUrl } } : spec;
    },
  });
  let running: RunningBrowser;
  const visitors: Visitor[] = [];
  const url = (gateway = 0) => system().gateways[gateway]!.url;
  const visit = async (look: Look = {}, gateway = 0) => {
    const visitor = await Visitor.arrive(running.browser, url(gateway), look);
    visitors.push(visitor);
    return visitor;
  };
  const visitAs = async (person: Person, look: Look = {}, gateway = 0) => {
    const visitor = await visit(look, gateway);
    await visitor.login(person);
    return visitor;
  };
  const stage = { system, url, visit, visitAs } as Stage;

  beforeAll(async () => {
    const [started, tenant] = await Promise.all([startBrowser(), registerTenant(system())]);
    running = started;
    const linked = await pairSession(system(), tenant, { sessionId: 'shop', phoneName: 'Toko Melati' });
    const friend = await addPhone(system(), 'Budi Santoso');
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
    const draft = await tenant.api.wa.broadcasts.create({
      body: {
        name: 'Jam buka',
        sessionIds: ['shop'],
        message: 'Halo {{name|kawan}}, kami buka pukul sembilan.',
        recipients: [{ to: friend.number, name: 'Budi' }, 'bukan nomor', friend.number],
      },
    });
    const { browser } = running;
    Object.assign(stage, { browser, tenant, linked, friend, draftId: draft.broadcastId });
  });

  // Pages that nobody looks at any more would go on following events.
  afterEach(async () => {
    for (const visitor of visitors.splice(0)) await visitor.leave();
  });
  afterAll(async () => {
    await running?.stop();
  });
  return stage;
}
