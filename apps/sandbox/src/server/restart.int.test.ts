import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadMediaMessage, proto } from '@whiskeysockets/baileys';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../app.ts';
import { BaileysClient } from '../testing/baileys-client.ts';
import { ControlApi } from '../testing/control-api.ts';
import { until } from '../testing/wait.ts';
import { TestPhone } from '../testing/world.ts';

let home: string;
let sandbox: Sandbox;
let api: ControlApi;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;

async function start(dataDir: string): Promise<void> {
  sandbox = await startSandbox({ dataDir, fewPreKeys: true });
  api = new ControlApi(sandbox.url);
}

const phone = async (number: string) =>
  new TestPhone(api, await api.get<{ number: string; lid: string }>(`/phones/${number}`));

/** The same client after a restart of its own: it keeps its credentials, and gets the new address of the sandbox. */
function reconnected(): BaileysClient {
  const { wsUrl, caPem, noiseRoot } = sandbox;
  return new BaileysClient({ wsUrl, caPem, noiseRoot }, { auth: client.auth });
}

const texts = (from: BaileysClient) =>
  from.events
    .filter(({ name }) => name === 'messages.upsert')
    .flatMap(({ data }) => (data as { messages: proto.IWebMessageInfo[] }).messages)
    .flatMap(({ message }) => message?.conversation ?? []);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'wag-restart-'));
  await start(join(home, 'data'));
  for (const number of ['15550001111', '15550002222']) await api.post('/phones', { number });
  alice = await phone('15550001111');
  bob = await phone('15550002222');
  client = new BaileysClient({ wsUrl: sandbox.wsUrl, caPem: sandbox.caPem, noiseRoot: sandbox.noiseRoot });
  await client.pair((qr) => alice.scan(qr));
  await client.event('messaging-history.set');
  await client.socket.sendMessage(bob.pn, { text: 'hello' });
  await bob.message('the first text', ({ text }) => text === 'hello');
  await bob.send({ to: alice.number, type: 'text', text: 'hello yourself' });
  await until('the answer', () => texts(client).includes('hello yourself'));
  await client.socket.sendMessage(bob.pn, { text: 'in an established session' });
  const entry = await bob.message('it', ({ text }) => text === 'in an established session');
  expect(entry.encryption).toBe('msg');
});

afterEach(async () => {
  await client.close();
  await sandbox.stop();
  rmSync(home, { recursive: true, force: true });
});

/** Checks that both directions continue: same sessions, every key once, no violation. */
async function goesOn(): Promise<void> {
  const sent = await client.socket.sendMessage(bob.pn, { text: 'after the restart' });
  await bob.message('it', ({ id }) => id === sent!.key.id);
  await bob.send({ to: alice.number, type: 'text', text: 'still me' });
  await until('the answer', () => texts(client).includes('still me'));
  const summary = await api.get<Record<string, Record<string, unknown>>>('/recorder/summary');
  expect(summary).toMatchObject({
    keys: { reused: 0 },
    undecryptable: { total: 0 },
    violations: { byRule: {} },
  });
}

describe('a restart', () => {
  test('needs no new linking, delivers what waited once, and continues every session', async () => {
    await client.close();
    for (const text of ['while you were out', 'twice']) await bob.send({ to: alice.number, type: 'text', text });
    const shown = async () =>
      (await bob.messages()).map(({ seq, id, chat, text, fromMe }) => ({ seq, id, chat, text, fromMe }));
    const before = await shown();
    const { caPem, noiseRoot } = sandbox;
    await sandbox.stop();

    await start(join(home, 'data'));
    expect([sandbox.caPem, sandbox.noiseRoot]).toEqual([caPem, noiseRoot]);
    [alice, bob] = [await phone(alice.number), await phone(bob.number)];
    expect(await shown()).toEqual(before);
    client = reconnected();
    await client.open();
    await until('what waited', () => texts(client).includes('twice'));
    expect(texts(client)).toEqual(['while you were out', 'twice']);
    await until('an empty queue', async () => {
      const { devices } = await api.get<{ devices: { waiting: number }[] }>(`${alice.path}/devices`);
      return devices[0]!.waiting === 0;
    });
    await goesOn();
  });

  test('keeps groups with their sender keys, files, and app state', async () => {
    const group = await client.socket.groupCreate('Survivors', [bob.pn]);
    await client.socket.sendMessage(group.id, { text: 'in the group' });
    await bob.message('it', ({ text }) => text === 'in the group');
    await bob.send({ to: group.id, type: 'text', text: 'me too' });
    await until('the answer in the group', () => texts(client).includes('me too'));
    const picture = Buffer.from('not really a picture');
    const { id } = await api.post<{ id: string }>(`${bob.path}/messages`, {
      to: alice.number,
      type: 'image',
      data: picture.toString('base64'),
    });
    await client.event('messages.upsert', ({ messages }) => messages.some(({ key }) => key.id === id));
    await client.socket.chatModify({ pin: true }, bob.pn);
    await client.close();
    await sandbox.stop();

    await start(join(home, 'data'));
    [alice, bob] = [await phone(alice.number), await phone(bob.number)];
    const late = new BaileysClient({ wsUrl: sandbox.wsUrl, caPem: sandbox.caPem, noiseRoot: sandbox.noiseRoot });
    await late.pair((qr) => alice.scan(qr));
    await until(
      'the collection with the pinned chat',
      () =>
        (late.auth.keys.get('app-state-sync-version:regular_low') as { version: number } | undefined)?.version === 1,
    );
    await late.close();

    const old = client.events.find(
      ({ name, data }) =>
        name === 'messages.upsert' &&
        (data as { messages: proto.IWebMessageInfo[] }).messages.some(({ key }) => key?.id === id),
    )!;
    client = reconnected();
    await client.open();
    await client.socket.sendMessage(group.id, { text: 'again in the group' });
    await bob.message('it', ({ text }) => text === 'again in the group');
    await bob.send({ to: group.id, type: 'text', text: 'with the same sender key' });
    await until('the answer in the group', () => texts(client).includes('with the same sender key'));

    const message = (old.data as { messages: proto.IWebMessageInfo[] }).messages.find(({ key }) => key?.id === id)!;
    const image = message.message!.imageMessage!;
    image.url = image.url!.replace(/^https:\/\/[^/]+/, `https://${sandbox.mediaHost}`);
    const file = await downloadMediaMessage(
      message as Parameters<typeof downloadMediaMessage>[0],
      'buffer',
      client.download as unknown as Parameters<typeof downloadMediaMessage>[2],
    );
    expect(Buffer.compare(file as Buffer, picture)).toBe(0);
  });

  test('receipts that were still to be given are given', async () => {
    await bob.configure({ receipts: { deliveredMs: 60_000 } });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'not confirmed yet' });
    await bob.message('it', ({ id }) => id === sent!.key.id);
    await client.close();
    await sandbox.stop();
    await start(join(home, 'data'));
    client = reconnected();
    await client.open();
    await client.event('messages.update', (updates) =>
      updates.some(
        ({ key, update }) => key.id === sent!.key.id && update.status === proto.WebMessageInfo.Status.DELIVERY_ACK,
      ),
    );
  });

  test('after kill -9: what the directory held at that moment is enough', async () => {
    // A copy of the data of a running sandbox equals what a killed process leaves.
    await client.socket.sendMessage(bob.pn, { text: 'just before the end' });
    await bob.message('it', ({ text }) => text === 'just before the end');
    await bob.send({ to: alice.number, type: 'text', text: 'last words' });
    await until('the last words', () => texts(client).includes('last words'));
    await until('a quiet moment', async () => {
      const { devices } = await api.get<{ devices: { waiting: number }[] }>(`${alice.path}/devices`);
      return devices[0]!.waiting === 0;
    });
    cpSync(join(home, 'data'), join(home, 'copy'), { recursive: true });
    rmSync(join(home, 'copy', 'sandbox.lock'));
    await client.close();
    await sandbox.stop();
    await start(join(home, 'copy'));
    [alice, bob] = [await phone(alice.number), await phone(bob.number)];
    client = reconnected();
    await client.open();
    await goesOn();
  });
});

test('a port that is taken is an error that names it', async () => {
  await expect(startSandbox({ port: Number(new URL(sandbox.url).port) })).rejects.toThrow(
    /control API cannot listen.*taken/,
  );
  const taken = Number(sandbox.mediaHost.split(':')[1]);
  await expect(startSandbox({ wsPort: taken })).rejects.toThrow(/TLS listener cannot listen.*taken/);
});
