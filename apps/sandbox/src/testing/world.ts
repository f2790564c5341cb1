import { type Sandbox, type SandboxOptions, startSandbox } from '../app.ts';
import type { SandboxAccess } from '../client/link.ts';
import { lidJid, pnJid } from '../wire/jid.ts';
import { BaileysClient, type BaileysClientOptions } from './baileys-client.ts';
import { ControlApi } from './control-api.ts';
import { until } from './wait.ts';

/** A message in a phone's list, as the control API describes it. */
export interface PhoneMessage {
  seq: number;
  id: string;
  from: string;
  fromDevice: number;
  fromMe: boolean;
  chat: string;
  type: string;
  text: string | null;
  media: Record<string, unknown> | null;
  details: Record<string, unknown>;
  encryption: string | null;
  wireCount: number;
  addressing: 'pn' | 'lid';
  pushName: string | null;
  receipts: Record<'delivered' | 'read' | 'played', string[]>;
}

/** One simulated phone, driven through the control API. */
export class TestPhone {
  readonly number: string;
  readonly lid: string;
  readonly #api: ControlApi;

  constructor(api: ControlApi, phone: { number: string; lid: string }) {
    this.#api = api;
    this.number = phone.number;
    this.lid = phone.lid;
  }

  get pn(): string {
    return pnJid(this.number);
  }

  get lidJid(): string {
    return lidJid(this.lid);
  }

  get path(): string {
    return `/phones/${this.number}`;
  }

  scan(qr: string): Promise<unknown> {
    return this.#api.post(`${this.path}/scan`, { qr });
  }

  configure(change: Record<string, unknown>): Promise<unknown> {
    return this.#api.patch(this.path, change);
  }

  /** Sends as this phone; returns the message id. */
  async send(message: Record<string, unknown>): Promise<string> {
    const { id } = await this.#api.post<{ id: string }>(`${this.path}/messages`, message);
    return id;
  }

  async messages(): Promise<PhoneMessage[]> {
    const { messages } = await this.#api.get<{ messages: PhoneMessage[] }>(`${this.path}/messages?after=0`);
    return messages;
  }

  /** Waits for a message in this phone's list. */
  message(what: string, matches: (message: PhoneMessage) => boolean): Promise<PhoneMessage> {
    return until(`phone ${this.number} has ${what}`, async () => (await this.messages()).find(matches));
  }

  async devices(): Promise<number[]> {
    const { devices } = await this.#api.get<{ devices: { id: number }[] }>(`${this.path}/devices`);
    return devices.map((device) => device.id);
  }
}

/** A sandbox in this process with phones and raw Baileys clients. Closing it removes everything. */
export class World {
  readonly sandbox: Sandbox;
  readonly api: ControlApi;
  readonly access: SandboxAccess;
  readonly #clients: BaileysClient[] = [];

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    this.api = new ControlApi(sandbox.url);
    this.access = { wsUrl: sandbox.wsUrl, caPem: sandbox.caPem, noiseRoot: sandbox.noiseRoot };
  }

  /** Companions upload few prekeys unless a test is about them: most of the CPU time of linking goes into 812. */
  static async start(options: SandboxOptions = {}): Promise<World> {
    return new World(await startSandbox({ fewPreKeys: true, ...options }));
  }

  async phone(settings: Record<string, unknown> = {}): Promise<TestPhone> {
    const phone = new TestPhone(this.api, await this.api.post('/phones', {}));
    if (Object.keys(settings).length > 0) await phone.configure(settings);
    return phone;
  }

  /** A client that is not connected yet. */
  client(options?: BaileysClientOptions): BaileysClient {
    const client = new BaileysClient(this.access, options);
    this.#clients.push(client);
    return client;
  }

  /** A client that is linked to a phone, logged in, and past its first synchronisation. */
  async companion(phone: TestPhone, options?: BaileysClientOptions): Promise<BaileysClient> {
    const client = this.client(options);
    await client.pair((qr) => phone.scan(qr));
    await client.event('messaging-history.set');
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.sandbox.stop();
  }
}
