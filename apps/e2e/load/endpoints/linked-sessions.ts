import { EVENT_TYPES } from '@wa-gate/contracts';
import { addPhone, pairSession, registerTenant, type Tenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { type Line, type Written, writeFor } from '../receive/writers.ts';
import { EventReceiver } from './event-receiver.ts';

/** How the events of the sessions reach their receiver. */
export type Setting = 'a primary webhook each' | 'one of the workspace' | 'one endpoint' | 'ten endpoints';

const MANY = 10;
/** All that a webhook may have besides, and filters that let everything pass. */
const EVERYTHING = {
  events: [...EVENT_TYPES],
  chatTypes: ['user', 'group', 'channel', 'status', 'broadcast'],
  headers: {
    'X-Api-Key': 'a key that the receiver asks for',
    'X-Tenant': '4711',
    'X-Region': 'eu-central',
    'X-Source': 'wa-gate',
    'X-Environment': 'production',
  },
  basicAuth: { username: 'receiver', password: 'a password that the receiver asks for' },
  metadata: { customer: 4711, plan: 'gold', region: 'eu-central' },
};

/** Linked sessions of one workspace, to which phones write. Their webhooks are changed between runs. */
export class LinkedSessions {
  readonly receiver = new EventReceiver();
  private readonly system: System;
  private readonly lines: (Line & { sessionId: string })[] = [];
  /** Events of a line at each of its endpoints. */
  private readonly counts: Map<string, number>[] = [];
  private readonly lineOf = new Map<string, number>();
  private endpoints = 1;
  private tenant: Tenant | undefined;

  constructor(system: System) {
    this.system = system;
    this.receiver.onEvent = (path, { event, sessionId }) => {
      if (event !== 'message.received') return;
      const counts = this.counts[this.lineOf.get(sessionId) ?? -1];
      counts?.set(path, (counts.get(path) ?? 0) + 1);
    };
  }

  async pair(count: number): Promise<void> {
    await this.receiver.start();
    this.tenant = await registerTenant(this.system);
    const { tenant } = this;
    await makeInParallel(0, count, async (line) => {
      const { sessionId, phone } = await pairSession(this.system, tenant);
      const friend = await addPhone(this.system, 'Friend');
      this.lines[line] = { sessionId, from: friend.number, to: phone.number };
      this.lineOf.set(sessionId, line);
    });
  }

  /** Replaces all webhooks. */
  async set(setting: Setting): Promise<void> {
    const { api } = this.tenant!;
    const { webhooks } = await api.data<{ webhooks: { id: string }[] }>('/api/webhooks?limit=200');
    await Promise.all(webhooks.map(({ id }) => api.call(`/api/webhooks/${id}`, { method: 'DELETE' })));
    this.endpoints = setting === 'ten endpoints' ? MANY : 1;
    if (setting === 'one of the workspace') {
      await this.add('/api/webhooks', '/workspace', EVERYTHING);
      return;
    }
    await makeInParallel(0, this.lines.length, async (line) => {
      const { sessionId } = this.lines[line]!;
      const path = `/${line}`;
      const { secret } = await api.setWebhook(sessionId, { url: this.receiver.urlOf(path), events: ['*'] });
      this.receiver.know(path, secret);
      for (let n = 1; n < this.endpoints; n += 1) {
        await this.add(`/api/sessions/${sessionId}/webhooks`, `/${line}/${n}`, { events: ['*'] });
      }
    });
  }

  private async add(route: string, path: string, json: object): Promise<void> {
    const { webhook } = await this.tenant!.api.data<{ webhook: { secret: string } }>(route, {
      method: 'POST',
      json: { url: this.receiver.urlOf(path), ...json },
    });
    this.receiver.know(path, webhook.secret);
  }

  /** Phones write as fast as all endpoints of their session have what they wrote. */
  run(seconds: number): Promise<Written> {
    for (let line = 0; line < this.lines.length; line += 1) this.counts[line] = new Map();
    const arrived = (line: number): number => {
      const counts = [...this.counts[line]!.values()];
      return counts.length < this.endpoints ? 0 : Math.min(...counts);
    };
    return writeFor(seconds, this.lines, this.system.sandbox, arrived);
  }

  close(): Promise<void> {
    return this.receiver.close();
  }
}
