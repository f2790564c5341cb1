import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import './baileys.ts';
import { stockRecords } from './libsignal-records.ts';

const library = createRequire(createRequire(import.meta.url).resolve('@whiskeysockets/baileys'));
const { keyhelper, ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } = library('libsignal') as Library;

interface KeyPair {
  pubKey: Buffer;
  privKey: Buffer;
}
interface Library {
  keyhelper: {
    generateIdentityKeyPair(): KeyPair;
    generateRegistrationId(): number;
    generatePreKey(id: number): { keyPair: KeyPair };
    generateSignedPreKey(identity: KeyPair, id: number): { keyPair: KeyPair; signature: Buffer };
  };
  ProtocolAddress: new (id: string, device: number) => object;
  SessionBuilder: new (storage: object, address: object) => { initOutgoing(bundle: object): Promise<void> };
  SessionCipher: new (
    storage: object,
    address: object,
  ) => {
    encrypt(text: Buffer): Promise<{ type: number; body: string | Buffer }>;
    decryptWhisperMessage(body: Buffer): Promise<Buffer>;
    decryptPreKeyWhisperMessage(body: Buffer): Promise<Buffer>;
  };
  SessionRecord: { deserialize(stored: object): object };
}

/** Somebody whose store keeps the stored forms themselves, as that of a worker does, or copies of them. */
function createParty(name: string, keeps: 'forms' | 'copies') {
  const identity = keyhelper.generateIdentityKeyPair();
  const registrationId = keyhelper.generateRegistrationId();
  const signed = keyhelper.generateSignedPreKey(identity, 1);
  const once = keyhelper.generatePreKey(1);
  const sessions = new Map<string, object>();
  const storage = {
    getOurIdentity: async () => identity,
    getOurRegistrationId: async () => registrationId,
    isTrustedIdentity: async () => true,
    loadPreKey: async () => once.keyPair,
    loadSignedPreKey: async () => signed.keyPair,
    removePreKey: async () => undefined,
    async loadSession(id: string) {
      const stored = sessions.get(id);
      return stored && SessionRecord.deserialize(keeps === 'forms' ? stored : structuredClone(stored));
    },
    storeSession: async (id: string, record: { serialize(): object }) => void sessions.set(id, record.serialize()),
  };
  const bundle = {
    identityKey: identity.pubKey,
    registrationId,
    preKey: { keyId: 1, publicKey: once.keyPair.pubKey },
    signedPreKey: { keyId: 1, publicKey: signed.keyPair.pubKey, signature: signed.signature },
  };
  const address = new ProtocolAddress(name, 0);
  return { address, storage, bundle, stored: () => JSON.stringify([...sessions.values()]) };
}
type Party = ReturnType<typeof createParty>;

type Act = { kind: 'send'; from: 0 | 1 } | { kind: 'read' | 'corrupt' | 'repeat'; which: number };

/** Acts on both parties. Returns what each read, or that it could not, and what both have stored in the end. */
async function play(parties: [Party, Party], acts: readonly Act[]): Promise<unknown[]> {
  const [ann, ben] = parties;
  await new SessionBuilder(ann.storage, ben.address).initOutgoing(ben.bundle);
  const ciphers = [new SessionCipher(ann.storage, ben.address), new SessionCipher(ben.storage, ann.address)] as const;
  const wire: { to: 0 | 1; type: number; body: Buffer }[] = [];
  const read: typeof wire = [];
  const seen: unknown[] = [];
  const decrypt = async ({ to, type, body }: (typeof wire)[number]) => {
    const reading =
      type === 3 ? ciphers[to].decryptPreKeyWhisperMessage(body) : ciphers[to].decryptWhisperMessage(body);
    seen.push(await reading.then(String, () => 'unreadable'));
  };
  for (const [index, act] of [{ kind: 'send', from: 0 } as const, ...acts].entries()) {
    if (act.kind === 'send') {
      const sent = await ciphers[act.from].encrypt(Buffer.from(`text ${index}`)).catch(() => null);
      if (sent) wire.push({ to: act.from === 0 ? 1 : 0, type: sent.type, body: Buffer.from(sent.body as Buffer) });
      continue;
    }
    const list = act.kind === 'repeat' ? read : wire;
    const at = act.which % Math.max(1, list.length);
    const message = list[at];
    if (!message) continue;
    if (act.kind === 'corrupt') {
      const body = Buffer.from(message.body);
      body[body.length - 1]! ^= 1;
      await decrypt({ ...message, body });
    } else {
      if (act.kind === 'read') read.push(...wire.splice(at, 1));
      await decrypt(message);
    }
  }
  // Once more in order: whatever a failed step has left would show here.
  for (const message of wire) await decrypt(message);
  return seen;
}

const acts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('send' as const), from: fc.constantFrom<0 | 1>(0, 1) }),
    fc.record({
      kind: fc.constantFrom<'read' | 'corrupt' | 'repeat'>('read', 'corrupt', 'repeat'),
      which: fc.nat({ max: 5 }),
    }),
  ),
  { maxLength: 25 },
);

it('a record that is handed on reads and refuses what one that was read from its stored form does (I4)', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await fc.assert(
    fc.asyncProperty(acts, async (list) => {
      const of = (keeps: 'forms' | 'copies') =>
        play([createParty(`ann-${keeps}`, keeps), createParty(`ben-${keeps}`, keeps)], list);
      expect(await of('forms')).toEqual(await of('copies'));
    }),
    { numRuns: 60 },
  );
});

it('the stored form of a record that is handed on is that of one that was read', async () => {
  const [ann, ben] = [createParty('ann', 'forms'), createParty('ben', 'forms')];
  await play(
    [ann, ben],
    [
      { kind: 'read', which: 0 },
      { kind: 'send', from: 1 },
      { kind: 'read', which: 0 },
    ],
  );
  for (const { stored } of [ann, ben]) {
    const [form] = JSON.parse(stored()) as [object];
    const again = stockRecords.serialize.call(stockRecords.deserialize.call(SessionRecord as never, form as never));
    expect(JSON.parse(JSON.stringify(again))).toEqual(form);
  }
});

it('a record is handed out once: a step that fails leaves nothing in the next one', () => {
  const record = stockRecords.deserialize.call(SessionRecord as never, { _sessions: {}, version: 'v1' } as never);
  const form = record.serialize();
  expect(SessionRecord.deserialize(form)).toBe(record);
  expect(SessionRecord.deserialize(form)).not.toBe(record);
});
