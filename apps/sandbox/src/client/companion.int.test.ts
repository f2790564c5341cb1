import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateKeyPair } from '../signal/curve.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';
import { type CompanionOptions, ScriptedCompanion } from './companion.ts';
import { type CompanionCredentials, createCredentials } from './credentials.ts';
import { LinkClosedError } from './link.ts';
import type { ReceivedText } from './messenger.ts';
import { pairByQr } from './pairing.ts';

let world: World;
const open: ScriptedCompanion[] = [];
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  for (const companion of open) companion.close();
  await world.close();
});

async function link(phone: TestPhone): Promise<CompanionCredentials> {
  const credentials = createCredentials('scripted');
  await pairByQr(world.access, credentials, async (qr) => {
    await phone.scan(qr);
  });
  return credentials;
}

async function login(credentials: CompanionCredentials, options: Partial<CompanionOptions> = {}) {
  const texts: ReceivedText[] = [];
  const unreadable: unknown[] = [];
  const closings: string[] = [];
  const companion = new ScriptedCompanion({
    sandbox: world.access,
    credentials,
    preKeyCount: 10,
    onText: (message) => texts.push(message),
    onUnreadable: (_stanza, error) => unreadable.push(error),
    onClose: (reason) => closings.push(reason),
    ...options,
  });
  open.push(companion);
  await companion.login();
  return { companion, texts, unreadable, closings };
}

describe('scripted companion', () => {
  test('pairs, logs in, publishes its keys', async () => {
    const phone = await world.phone();
    const credentials = await link(phone);
    expect(credentials.linked).toMatchObject({ pn: phone.number, lid: phone.lid, device: 1 });
    await login(credentials);
    const { devices } = await world.api.get<{ devices: object[] }>(`${phone.path}/devices`);
    // The phone uses one for its first message, the history.
    await until('keys', () => devices.length === 1);
    expect(devices[0]).toMatchObject({ id: 1, connected: true });
  });

  test('writes to a phone and is answered, by number and by LID', async () => {
    const [alice, bob] = [await world.phone(), await world.phone({ autoReply: { text: 'got {text}', delayMs: 0 } })];
    const { companion, texts, unreadable } = await login(await link(alice));
    const id = await companion.sendText(bob.pn, 'hello');
    expect(await bob.message('it', (entry) => entry.id === id)).toMatchObject({ text: 'hello', encryption: 'pkmsg' });
    await until('the answer', () => texts.some((entry) => entry.text === 'got hello' && entry.chat === bob.pn));
    const second = await companion.sendText(bob.pn, 'again');
    expect(await bob.message('it', (entry) => entry.id === second)).toMatchObject({ encryption: 'msg' });
    await bob.send({ to: alice.number, type: 'text', text: 'by lid', addressing: 'lid' });
    await until('the message by LID', () =>
      texts.some((entry) => entry.text === 'by lid' && entry.chat === bob.lidJid),
    );
    expect(unreadable).toEqual([]);
  });

  test('real Baileys and a scripted companion understand each other', async () => {
    const [alice, bob] = [await world.phone(), await world.phone()];
    const baileys = await world.companion(alice);
    const { companion, texts, unreadable } = await login(await link(bob));
    for (const round of ['one', 'two', 'three']) {
      await baileys.socket.sendMessage(bob.pn, { text: `to scripted ${round}` });
      await until('the text', () => texts.some((entry) => entry.text === `to scripted ${round}`));
      await companion.sendText(alice.pn, `to baileys ${round}`);
      await baileys.event('messages.upsert', (batch) =>
        batch.messages.some((entry) => entry.message?.conversation === `to baileys ${round}`),
      );
    }
    expect(unreadable).toEqual([]);
    const summary = await world.api.get<{ violations: { byRule: object }; keys: { reused: number } }>(
      '/recorder/summary',
    );
    expect(summary).toMatchObject({ violations: { byRule: {} }, keys: { reused: 0 } });
  });

  test('siblings of one account see what the other wrote', async () => {
    const [alice, bob] = [await world.phone(), await world.phone()];
    const one = await login(await link(alice));
    const two = await login(await link(alice));
    await one.companion.sendText(bob.pn, 'seen by my sibling');
    await until('the copy', () => two.texts.some((entry) => entry.fromMe && entry.chat === bob.pn));
  });

  test('gets what waited, and acknowledges it for good', async () => {
    const [alice, bob] = [await world.phone(), await world.phone()];
    const credentials = await link(alice);
    const first = await login(credentials);
    first.companion.close();
    await until('closed', () => first.closings.length > 0);
    await bob.send({ to: alice.number, type: 'text', text: 'while you were away' });
    const again = await login(credentials);
    await until('the text', () => again.texts.some((entry) => entry.text === 'while you were away'));
    await until('nothing waits', async () => {
      const { devices } = await world.api.get<{ devices: { waiting: number }[] }>(`${alice.path}/devices`);
      return devices[0]!.waiting === 0;
    });
  });

  test('says why it was turned away', async () => {
    const phone = await world.phone();
    const credentials = await link(phone);
    const { closings } = await login(credentials);
    await world.api.delete(`${phone.path}/devices/1`);
    await until('closed', () => closings.includes('stream error 401'));
    await expect(login(credentials)).rejects.toThrow('refused with 401');
  });

  test('a refused message is an error with its code', async () => {
    const [alice, bob] = [await world.phone(), await world.phone()];
    const { companion } = await login(await link(alice));
    await world.api.post('/faults', { kind: 'nack', phone: alice.number, code: 479 });
    await expect(companion.sendText(bob.pn, 'refused')).rejects.toThrow('479');
    await expect(companion.sendText('19999999999@s.whatsapp.net', 'nobody')).rejects.toThrow('has no devices');
  });

  test('does not talk to a server whose certificate leads elsewhere', async () => {
    const noiseRoot = generateKeyPair().publicKey;
    const credentials = createCredentials('careful');
    const pairing = pairByQr({ ...world.access, noiseRoot }, credentials, async () => undefined);
    await expect(pairing).rejects.toThrow(LinkClosedError);
  });
});
