import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AppProcess, freePort, startApp, waitFor } from '@wa-gate/testkit';

const ENTRY = fileURLToPath(new URL('../../../sandbox/bundle/main.js', import.meta.url));

export interface PhoneMessage {
  id: string;
  from: string;
  chat: string;
  type: string;
  text: string | null;
  /** What is shown of a file beside its bytes. */
  media: Record<string, unknown> | null;
  details: Record<string, unknown>;
  wireCount: number;
  encryption: string | null;
}

interface TestDevice {
  id: number;
  device: string;
  /** What the phone shows among its linked devices. */
  shownAs: string;
  connected: boolean;
  preKeys: number;
  /** What it has to read anew, and has not confirmed. */
  dirty: string[];
  /** Stanzas that the device has not acknowledged. */
  waiting: number;
}

/** Messages of the phone to a new companion: the keys of its app state, and the history. */
const GREETINGS = 2;

/** The built sandbox in a process of its own, and the part of its control API that the tests of the worker use. */
export interface TestSandbox {
  url: string;
  createPhone(name?: string): Promise<string>;
  phone(number: string): Promise<{ number: string; lid: string }>;
  scan(number: string, qr: string): Promise<void>;
  enterCode(number: string, code: string): Promise<void>;
  configure(number: string, change: Record<string, unknown>): Promise<void>;
  sendFrom(number: string, message: Record<string, unknown>): Promise<void>;
  inbox(number: string): Promise<PhoneMessage[]>;
  /** The file of a message, fetched, checked and decrypted by the phone. */
  file(number: string, id: string): Promise<Buffer>;
  devices(number: string): Promise<TestDevice[]>;
  /** Waits until a new companion has acknowledged the messages of its phone, and the server has answered. */
  greeted(number: string): Promise<void>;
  unlink(number: string, device: number): Promise<void>;
  fault(fault: Record<string, unknown>): Promise<void>;
  cancelFault(id: string): Promise<void>;
  /** Those that have not struck yet. */
  faults(): Promise<{ id: string; kind: string }[]>;
  recorder<T>(path: string): Promise<T>;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Takes clients from this version on; `null`: all. */
  requireVersion(minimum: string | null): Promise<void>;
  /** Restarts it on the same ports from its stored data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param options.fewPreKeys companions upload 5 prekeys instead of 812: a third less CPU time. @default true */
export async function startTestSandbox({ fewPreKeys = true } = {}): Promise<TestSandbox> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wag-sandbox-'));
  const [port, wsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const env = {
    SANDBOX_PORT: String(port),
    SANDBOX_WS_PORT: String(wsPort),
    SANDBOX_DATA_DIR: dataDir,
    SANDBOX_FEW_PREKEYS: String(fewPreKeys),
    LOG_LEVEL: 'warn',
  };
  const start = (): Promise<AppProcess> => startApp({ entry: ENTRY, env, healthUrl: url });
  let app = await start();

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  const devices = async (number: string) =>
    (await call<{ devices: TestDevice[] }>('GET', `/phones/${number}/devices`)).devices;

  return {
    url,
    createPhone: async (name) => (await call<{ number: string }>('POST', '/phones', name ? { name } : {})).number,
    phone: (number) => call('GET', `/phones/${number}`),
    scan: (number, qr) => call('POST', `/phones/${number}/scan`, { qr }),
    enterCode: (number, code) => call('POST', `/phones/${number}/enter-code`, { code }),
    configure: (number, change) => call('PATCH', `/phones/${number}`, change),
    sendFrom: (number, message) => call('POST', `/phones/${number}/messages`, message),
    inbox: async (number) => (await call<{ messages: PhoneMessage[] }>('GET', `/phones/${number}/messages`)).messages,
    async file(number, id) {
      const response = await fetch(`${url}/phones/${number}/messages/${id}/media`);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!response.ok) throw new Error(`The phone answered ${response.status}: ${bytes.toString()}`);
      return bytes;
    },
    devices,
    greeted: async (number) => {
      await waitFor(
        async () => {
          const [companion] = await devices(number);
          if (!companion) return false;
          const path = `/recorder/messages?direction=down&device=${companion.device}`;
          const { messages } = await call<{ messages: unknown[] }>('GET', path);
          return messages.length >= GREETINGS && companion.waiting === 0;
        },
        { timeoutMs: 20_000, what: 'the greeting of the phone' },
      );
    },
    unlink: (number, device) => call('DELETE', `/phones/${number}/devices/${device}`),
    fault: (fault) => call('POST', '/faults', fault),
    faults: async () => (await call<{ faults: { id: string; kind: string }[] }>('GET', '/faults')).faults,
    cancelFault: (id) => call('DELETE', `/faults/${id}`),
    recorder: (path) => call('GET', `/recorder/${path}`),
    get: (path) => call('GET', path),
    requireVersion: (minimum) => call('PUT', '/client-versions', { minimum }),
    post: (path, body) => call('POST', path, body),
    async restart() {
      await app.stop();
      app = await start();
    },
    async stop() {
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
