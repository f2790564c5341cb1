import { HttpClient } from './http.ts';

/** What a client needs to connect. */
export interface SandboxInfo {
  wsUrl: string;
  mediaHost: string;
  caPem: string;
  version: string;
}

export interface Phone {
  number: string;
  lid: string;
  name: string;
}

/** A linked companion, as far as it stays the same while the link lasts. */
export interface PhoneDevice {
  id: number;
  jid: string;
  pairedAt: number;
}

/** A message as the person at the phone sees it: each id once, `wireCount` says how often it came. */
export interface PhoneMessage {
  id: string;
  /** Number of the sender. */
  from: string;
  fromMe: boolean;
  /** Number of the other side, or the jid of the group. */
  chat: string;
  type: string;
  text: string | null;
  /** Whatever else belongs to the type, such as coordinates. */
  details: Record<string, unknown>;
  wireCount: number;
}

/** `"off"`: the phone says nothing; else how long after the arrival it says what. */
export type Receipts = { deliveredMs: number; readMs?: number } | 'off';

/** The part of the recorder's summary that must be all zeros. */
export interface Misdeeds {
  keysReused: number;
  overlappingStreams: number;
  unreadMessages: number;
  violations: Record<string, number>;
}

/** What the sandbox counted; more than is named here. */
export interface RecorderSummary {
  streams: { live: number };
  keys: { reused: number };
  overlaps: { total: number; olderSent: number };
  undecryptable: { total: number; unrecovered: number };
  violations: { byRule: Record<string, number> };
  forgotten: Record<string, number>;
}

/** One message id of one device on the wire: `up` from the device, `down` to it. */
export interface WireMessage {
  device: string;
  id: string;
  peer: string;
  wireCount: number;
  firstAt: number;
  lastAt: number;
  /** When a companion confirmed it; `null`: not yet. */
  ackedAt: number | null;
  ack: string | null;
}

/** One connection of a device. Times are milliseconds since 1970 by this machine's clock. */
export interface WireStream {
  device: string | null;
  kind: 'pairing' | 'login' | 'refused';
  openedAt: number;
  closedAt: number | null;
  closedBy: string | null;
  messagesIn: number;
}

/** Of the description of the control API: what a phone can be told to send. */
interface SendDescription {
  requestBody: {
    content: {
      'application/json': { schema: { oneOf: { properties: { type: { const?: string; enum?: string[] } } }[] } };
    };
  };
}

/** The control API of the sandbox, as users' CI calls it. */
export class SandboxClient {
  private readonly http: HttpClient;

  constructor(url: string) {
    this.http = new HttpClient(url);
  }

  info(): Promise<SandboxInfo> {
    return this.http.expectOk('/');
  }

  createPhone(phone: { number?: string; name?: string } = {}): Promise<Phone> {
    return this.http.expectOk('/phones', { method: 'POST', json: phone });
  }

  updatePhone(
    number: string,
    settings: { receipts?: Receipts; autoReply?: string | null; online?: boolean },
  ): Promise<Phone> {
    return this.http.expectOk(`/phones/${number}`, { method: 'PATCH', json: settings });
  }

  async scan(number: string, qr: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/scan`, { method: 'POST', json: { qr } });
  }

  async enterCode(number: string, code: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/enter-code`, { method: 'POST', json: { code } });
  }

  async devices(number: string): Promise<PhoneDevice[]> {
    const { devices } = await this.http.expectOk<{ devices: PhoneDevice[] }>(`/phones/${number}/devices`);
    return devices.map(({ id, jid, pairedAt }) => ({ id, jid, pairedAt }));
  }

  /** Stanzas that the account's companions have not acknowledged. */
  async waitingStanzas(number: string): Promise<number> {
    const { devices } = await this.http.expectOk<{ devices: { waiting: number }[] }>(`/phones/${number}/devices`);
    return devices.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** What the person does with "log out this device". */
  async removeDevice(number: string, device: number): Promise<void> {
    await this.http.expectOk(`/phones/${number}/devices/${device}`, { method: 'DELETE' });
  }

  /** @param message `to`, `type` and the fields of its kind, as the control API names them */
  send(number: string, message: { to: string; type: string; [field: string]: unknown }): Promise<{ id: string }> {
    return this.http.expectOk(`/phones/${number}/messages`, { method: 'POST', json: message });
  }

  /** Makes something go wrong, as the table of faults in the sandbox's README says. @returns the id to cancel it by */
  async addFault(fault: Record<string, unknown>): Promise<string> {
    return (await this.http.expectOk<{ id: string }>('/faults', { method: 'POST', json: fault })).id;
  }

  async cancelFault(id: string): Promise<void> {
    await this.http.expectOk(`/faults/${id}`, { method: 'DELETE' });
  }

  sendText(number: string, to: string, text: string): Promise<{ id: string }> {
    return this.send(number, { to, type: 'text', text });
  }

  /** The kinds of messages that phones can be told to send, as the description of the control API lists them. */
  async kinds(): Promise<string[]> {
    const { paths } = await this.http.expectOk<{ paths: Record<string, { post: SendDescription }> }>('/docs/json');
    const { schema } = paths['/phones/{number}/messages']!.post.requestBody.content['application/json'];
    return schema.oneOf.map(({ properties }) => properties.type.enum?.[0] ?? properties.type.const!);
  }

  /** The person opens the chat with an account, and sees from now on when it comes and goes. */
  async watchPresence(number: string, of: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/presence`, { method: 'POST', json: { state: 'subscribe', to: of } });
  }

  /** What the phone was shown last: who is there, who is typing. */
  async seenPresence(number: string): Promise<{ from: string; state: string; at: number }[]> {
    return (
      await this.http.expectOk<{ seen: { from: string; state: string; at: number }[] }>(`/phones/${number}/presence`)
    ).seen;
  }

  async inbox(number: string): Promise<PhoneMessage[]> {
    return (await this.http.expectOk<{ messages: PhoneMessage[] }>(`/phones/${number}/messages?limit=10000`)).messages;
  }

  /** What a phone tells the sender when its own receipts are off. */
  async sendReceipt(number: string, ids: string[], type: 'delivered' | 'read' | 'played'): Promise<void> {
    await this.http.expectOk(`/phones/${number}/receipts`, { method: 'POST', json: { ids, type } });
  }

  createGroup(group: {
    owner: string;
    subject: string;
    participants: string[];
    addressing?: 'pn' | 'lid';
  }): Promise<{ id: string }> {
    return this.http.expectOk('/groups', { method: 'POST', json: group });
  }

  /** What the sandbox saw since its start that must not happen: it is an independent judge of the wire. */
  async misdeeds(): Promise<Misdeeds> {
    const { keys, overlaps, undecryptable, violations } = await this.summary();
    return {
      keysReused: keys.reused,
      overlappingStreams: overlaps.total,
      unreadMessages: undecryptable.unrecovered,
      violations: violations.byRule,
    };
  }

  summary(): Promise<RecorderSummary> {
    return this.http.expectOk('/recorder/summary');
  }

  /** Companions that are logged in now. */
  async liveStreams(): Promise<number> {
    return (await this.summary()).streams.live;
  }

  async wireMessages(query: Record<string, string | number>): Promise<WireMessage[]> {
    const wanted = Object.entries({ limit: 100_000, ...query }).map(([key, value]) => `${key}=${value}`);
    return (await this.http.expectOk<{ messages: WireMessage[] }>(`/recorder/messages?${wanted.join('&')}`)).messages;
  }

  async wireStreams(): Promise<WireStream[]> {
    return (await this.http.expectOk<{ streams: WireStream[] }>('/recorder/logins?limit=100000')).streams;
  }

  /** What phones could not read when it came, whether or not they could later. */
  async unreadable(): Promise<Record<string, unknown>[]> {
    const path = '/recorder/undecryptable?limit=50000';
    return (await this.http.expectOk<{ undecryptable: Record<string, unknown>[] }>(path)).undecryptable;
  }

  /** Message keys that were on two ciphertexts, or twice on the same one. */
  async keysUsedTwice(): Promise<Record<string, unknown>[]> {
    const path = '/recorder/keys?limit=10000';
    return (await this.http.expectOk<{ usedTwice: Record<string, unknown>[] }>(path)).usedTwice;
  }

  /** Full records behind {@link misdeeds}, for the report of a failed test. */
  async evidence(): Promise<unknown[]> {
    const parts = ['logins', 'keys', 'undecryptable', 'violations'];
    return Promise.all(parts.map((part) => this.http.expectOk(`/recorder/${part}?limit=20`)));
  }

  close(): Promise<void> {
    return this.http.close();
  }
}
