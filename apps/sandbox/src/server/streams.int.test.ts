import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Sandbox, startSandbox } from '../app.ts';
import { clientPayload } from '../client/client-payload.ts';
import { type CompanionCredentials, createCredentials } from '../client/credentials.ts';
import { Link } from '../client/link.ts';
import { pairByQr } from '../client/pairing.ts';
import { writeWhisperMessage } from '../signal/signal-messages.ts';
import { BaileysClient } from '../testing/baileys-client.ts';
import { ControlApi } from '../testing/control-api.ts';
import { until } from '../testing/wait.ts';
import { pnJid } from '../wire/jid.ts';
import { type BinaryNode, child, node } from '../wire/node.ts';

const ALICE = '15550001111';
const BOB = '15550002222';
let sandbox: Sandbox;
let api: ControlApi;
let credentials: CompanionCredentials;
let device: string;
const links: Link[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ offlineBatches: true, fewPreKeys: true });
  api = new ControlApi(sandbox.url);
  for (const number of [ALICE, BOB]) await api.post('/phones', { number });
  credentials = createCredentials('test');
  await pairByQr(access(), credentials, (qr) => api.post(`/phones/${ALICE}/scan`, { qr }).then(() => undefined));
  device = `${ALICE}:1`;
});
afterAll(async () => {
  for (const link of links) link.close();
  await sandbox.stop();
});

const access = () => ({ wsUrl: sandbox.wsUrl, caPem: sandbox.caPem, noiseRoot: sandbox.noiseRoot });

/** A logged-in connection that sends only what the test sends, whatever the server does. */
async function login(onSuccess = () => {}): Promise<{ link: Link; got: BinaryNode[] }> {
  const got: BinaryNode[] = [];
  const link = new Link({
    ...access(),
    noiseKey: credentials.noise,
    clientPayload: clientPayload(credentials),
    onNode: (stanza) => {
      got.push(stanza);
      if (stanza.tag === 'success') onSuccess();
    },
    onClose: () => undefined,
  });
  links.push(link);
  await until('success', () => got.some(({ tag }) => tag === 'success'));
  return { link, got };
}

/** A message with invented content: only the message key that it names matters. */
function message(id: string, ratchetKey: Buffer, counter: number): BinaryNode {
  const body = writeWhisperMessage({ ratchetKey, counter, previousCounter: 0, ciphertext: randomBytes(32) });
  const enc = node('enc', { v: '2', type: 'msg' }, Buffer.concat([body, randomBytes(8)]));
  return node('message', { id, to: pnJid(BOB), type: 'text' }, [
    node('participants', {}, [node('to', { jid: pnJid(BOB) }, [enc])]),
  ]);
}

describe('two streams of one device', () => {
  test('what the older one sends after the newer has logged in is recorded, and reaches nobody', async () => {
    const older = await login();
    const ratchet = randomBytes(32);
    // At the moment of the newer login: the older stream is not notified yet.
    const newer = await login(() => older.link.send(message('FROM-OLDER', ratchet, 0)));
    newer.link.send(message('FROM-NEWER', ratchet, 0));
    await until('the newer one is acknowledged', () =>
      newer.got.some(({ tag, attrs }) => tag === 'ack' && attrs.id === 'FROM-NEWER'),
    );
    await until('both are recorded', async () => {
      const { messages } = await api.get<{ messages: unknown[] }>(`/recorder/messages?device=${device}&direction=up`);
      return messages.length === 2;
    });
    const conflict = await until('the older one to be notified', () =>
      older.got.find(({ tag }) => tag === 'stream:error'),
    );
    expect(child(conflict, 'conflict')?.attrs.type).toBe('replaced');
    expect(older.got.some(({ tag }) => tag === 'ack')).toBe(false);

    const { overlaps } = await api.get<{ overlaps: object[] }>(`/recorder/logins?device=${device}`);
    expect(overlaps).toMatchObject([{ device, messagesByOlder: 1, messagesByNewer: 1 }]);
    const { usedTwice } = await api.get<{ usedTwice: object[] }>(`/recorder/keys?device=${device}`);
    expect(usedTwice).toMatchObject([
      { device, peer: `${BOB}:0`, ratchet: ratchet.toString('hex'), counter: 0, sameCiphertext: false },
    ]);
    const summary = await api.get<object>('/recorder/summary');
    expect(summary).toMatchObject({
      overlaps: { total: 1, bothSent: 1, olderSent: 1 },
      keys: { reused: 1, repeated: 0 },
    });
  });
});

describe('a client that misbehaves', () => {
  const connect = async (): Promise<WebSocket> => {
    const socket = new WebSocket(sandbox.wsUrl, { ca: sandbox.caPem });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return socket;
  };

  test.each([
    ['no intro', Buffer.from('GET / HTTP/1.1')],
    ['an intro and rubbish', Buffer.concat([Buffer.from([0x57, 0x41, 6, 3, 0, 0, 40]), randomBytes(40)])],
    ['a frame that is too long', Buffer.from([0x57, 0x41, 6, 3, 0xff, 0xff, 0xff])],
  ])('%s: it is cut off, noted, and nobody else notices', async (_, bytes) => {
    const before = await violations('malformed-stream');
    const socket = await connect();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(bytes);
    await closed;
    expect(await violations('malformed-stream')).toBe(before + 1);
    expect((await api.get<{ status: string }>('/health')).status).toBe('ok');
  });

  test('a receipt for a message it never got, and one for a message it got', async () => {
    const { link, got } = await login();
    link.send(node('receipt', { id: 'INVENTED', to: pnJid(BOB) }));
    await until('the ack', () => got.some(({ tag, attrs }) => tag === 'ack' && attrs.id === 'INVENTED'));
    expect(await violations('receipt-for-unknown-message')).toBe(1);
  });

  const violations = async (rule: string): Promise<number> => {
    const summary = await api.get<{ violations: { byRule: Record<string, number> } }>('/recorder/summary');
    return summary.violations.byRule[rule] ?? 0;
  };
});

describe('a backlog in batches', () => {
  test('comes as the client asks for it: all of it, in order, once', async () => {
    const client = new BaileysClient(access());
    await client.pair((qr) => api.post(`/phones/${BOB}/scan`, { qr }));
    await client.event('messaging-history.set');
    await client.close();
    for (let i = 0; i < 12; i++)
      await api.post(`/phones/${ALICE}/messages`, { to: BOB, type: 'text', text: `text ${i}` });
    const back = new BaileysClient(access(), { auth: client.auth });
    await back.open();
    const texts = () =>
      back.events
        .filter(({ name }) => name === 'messages.upsert')
        .flatMap(({ data }) => (data as { messages: { message?: { conversation?: string | null } | null }[] }).messages)
        .flatMap(({ message: content }) => content?.conversation ?? []);
    await until('the last text', () => texts().includes('text 11'));
    expect(texts()).toEqual(Array.from({ length: 12 }, (_, i) => `text ${i}`));
    await back.close();
  });
});
