import { describe, expect, test } from 'vitest';
import { type BaileysSignal, createBaileysSignal } from '../testing/signal-peer.ts';
import { createDistribution, groupDecrypt, groupEncrypt, processDistribution, SenderKeyRecord } from './sender-key.ts';
import { DuplicateMessageError, FutureMessageError, NoSessionError, SignatureError } from './session-errors.ts';
import { readIndex, SignalFormatError } from './signal-messages.ts';

const GROUP = '123-45@g.us';
const THEM = '99:1@lid';
const US = '98@lid';
const text = (value: string): Buffer => Buffer.from(value);

async function theyEncrypt({ repository }: BaileysSignal, value: string) {
  const data = text(value);
  const { ciphertext, senderKeyDistributionMessage } = await repository.encryptGroupMessage({
    group: GROUP,
    meId: THEM,
    data,
  });
  return { ciphertext: Buffer.from(ciphertext), distribution: Buffer.from(senderKeyDistributionMessage) };
}

async function theyDecrypt({ repository }: BaileysSignal, msg: Buffer): Promise<string> {
  return Buffer.from(await repository.decryptGroupMessage({ group: GROUP, authorJid: US, msg })).toString();
}

async function theyProcess({ repository }: BaileysSignal, distribution: Buffer): Promise<void> {
  const item = { groupId: GROUP, axolotlSenderKeyDistributionMessage: distribution };
  await repository.processSenderKeyDistributionMessage({ item, authorJid: US });
}

const revive = (record: SenderKeyRecord): SenderKeyRecord =>
  SenderKeyRecord.fromJSON(JSON.parse(JSON.stringify(record)));

describe('sender keys with Baileys', () => {
  test('they distribute and send; order does not matter; twice is refused', async () => {
    const baileys = await createBaileysSignal();
    let record = new SenderKeyRecord();
    const first = await theyEncrypt(baileys, 'one');
    expect(() => groupDecrypt(record, first.ciphertext)).toThrow(NoSessionError);
    processDistribution(record, first.distribution);
    const second = await theyEncrypt(baileys, 'two');
    const third = await theyEncrypt(baileys, 'three');
    expect(groupDecrypt(record, third.ciphertext).plaintext.toString()).toBe('three');
    record = revive(record);
    const { plaintext, index } = groupDecrypt(record, first.ciphertext);
    expect(plaintext.toString()).toBe('one');
    expect(readIndex('skmsg', first.ciphertext)).toEqual(index);
    expect(groupDecrypt(record, second.ciphertext).plaintext.toString()).toBe('two');
    for (const { ciphertext } of [first, second, third]) {
      expect(() => groupDecrypt(record, ciphertext)).toThrow(DuplicateMessageError);
    }
  });

  test('a distribution that comes again does not take skipped keys away', async () => {
    const baileys = await createBaileysSignal();
    const record = new SenderKeyRecord();
    const first = await theyEncrypt(baileys, 'one');
    processDistribution(record, first.distribution);
    const second = await theyEncrypt(baileys, 'two');
    processDistribution(record, second.distribution);
    expect(groupDecrypt(record, second.ciphertext).plaintext.toString()).toBe('two');
    expect(groupDecrypt(record, first.ciphertext).plaintext.toString()).toBe('one');
  });

  test('we distribute and send; a member that joins later reads from there on', async () => {
    const [early, late] = await Promise.all([createBaileysSignal(), createBaileysSignal()]);
    let record = new SenderKeyRecord();
    await theyProcess(early, createDistribution(record));
    const first = groupEncrypt(record, text('one'));
    record = revive(record);
    await theyProcess(late, createDistribution(record));
    const second = groupEncrypt(record, text('two'));
    expect([first.index.iteration, second.index.iteration]).toEqual([0, 1]);
    expect(second.index.senderKeyId).toBe(first.index.senderKeyId);
    // In order: rc14 cannot use a sender key it skipped (its record does not survive its own JSON form).
    expect(await theyDecrypt(early, first.ciphertext)).toBe('one');
    expect(await theyDecrypt(early, second.ciphertext)).toBe('two');
    expect(await theyDecrypt(late, second.ciphertext)).toBe('two');
    await expect(theyDecrypt(late, first.ciphertext)).rejects.toThrow();
  });

  test('a new sender key (after somebody left) replaces the old one, which stays readable', async () => {
    const members = await createBaileysSignal();
    const old = new SenderKeyRecord();
    const receiver = new SenderKeyRecord();
    processDistribution(receiver, createDistribution(old));
    const late = groupEncrypt(old, text('late'));
    const fresh = new SenderKeyRecord();
    const distribution = createDistribution(fresh);
    processDistribution(receiver, distribution);
    await theyProcess(members, distribution);
    const message = groupEncrypt(fresh, text('new'));
    expect(await theyDecrypt(members, message.ciphertext)).toBe('new');
    expect(groupDecrypt(receiver, message.ciphertext).plaintext.toString()).toBe('new');
    expect(groupDecrypt(receiver, late.ciphertext).plaintext.toString()).toBe('late');
  });
});

describe('what sender keys refuse', () => {
  const setup = () => {
    const sender = new SenderKeyRecord();
    const receiver = new SenderKeyRecord();
    processDistribution(receiver, createDistribution(sender));
    return { sender, receiver };
  };

  test('a message that is not signed by its sender, and the record stays as it was', () => {
    const { sender, receiver } = setup();
    const { ciphertext } = groupEncrypt(sender, text('x'));
    const before = JSON.stringify(receiver);
    for (const at of [ciphertext.length - 70, ciphertext.length - 64, ciphertext.length - 1]) {
      const changed = Buffer.from(ciphertext);
      changed[at]! ^= 1;
      expect(() => groupDecrypt(receiver, changed)).toThrow(SignatureError);
    }
    expect(JSON.stringify(receiver)).toBe(before);
    expect(groupDecrypt(receiver, ciphertext).plaintext.toString()).toBe('x');
  });

  test('a message too far ahead', () => {
    const { sender, receiver } = setup();
    sender.states[0]!.next = 2001;
    expect(() => groupDecrypt(receiver, groupEncrypt(sender, text('x')).ciphertext)).toThrow(FutureMessageError);
  });

  test('to send with a key that somebody else distributed', () => {
    const { receiver } = setup();
    expect(() => groupEncrypt(receiver, text('x'))).toThrow(NoSessionError);
    expect(() => groupEncrypt(new SenderKeyRecord(), text('x'))).toThrow(NoSessionError);
  });

  test('a distribution that is none', () => {
    expect(() => processDistribution(new SenderKeyRecord(), Buffer.from('33080110', 'hex'))).toThrow(SignalFormatError);
    expect(() => processDistribution(new SenderKeyRecord(), Buffer.from('20', 'hex'))).toThrow(SignalFormatError);
  });
});
