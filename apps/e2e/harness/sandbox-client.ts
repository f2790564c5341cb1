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

export interface PhoneDevice {
  id: number;
}

/** A message as the person at the phone sees it: each id once, `wireCount` says how often it came. */
export interface PhoneMessage {
  id: string;
  from: string;
  chat: string;
  type: string;
  text?: string;
  wireCount: number;
}

/** `"off"`: the phone says nothing; else how long after the arrival it says what. */
export type Receipts = { deliveredMs: number; readMs: number } | 'off';

export interface RecorderSummary {
  keysUsedTwice: number;
  overlappingStreams: number;
  violations: number;
  undecryptable: number;
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
    return (await this.http.expectOk<{ devices: PhoneDevice[] }>(`/phones/${number}/devices`)).devices;
  }

  /** What the person does with "log out this device". */
  async removeDevice(number: string, device: number): Promise<void> {
    await this.http.expectOk(`/phones/${number}/devices/${device}`, { method: 'DELETE' });
  }

  sendText(number: string, to: string, text: string): Promise<{ id: string }> {
    return this.http.expectOk(`/phones/${number}/messages`, { method: 'POST', json: { to, type: 'text', text } });
  }

  async inbox(number: string): Promise<PhoneMessage[]> {
    return (await this.http.expectOk<{ messages: PhoneMessage[] }>(`/phones/${number}/messages`)).messages;
  }

  /** What a phone tells the sender when its own receipts are off. */
  async sendReceipt(number: string, ids: string[], type: 'delivered' | 'read' | 'played'): Promise<void> {
    await this.http.expectOk(`/phones/${number}/receipts`, { method: 'POST', json: { ids, type } });
  }

  createGroup(group: { creator: string; subject: string; participants: string[] }): Promise<{ id: string }> {
    return this.http.expectOk('/groups', { method: 'POST', json: group });
  }

  summary(): Promise<RecorderSummary> {
    return this.http.expectOk('/recorder/summary');
  }

  async violations(): Promise<unknown> {
    return this.http.expectOk('/recorder/violations');
  }

  close(): Promise<void> {
    return this.http.close();
  }
}
