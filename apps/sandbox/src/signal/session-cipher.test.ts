import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BaileysSignal, createBaileysSignal, MemorySessionStore } from '../testing/signal-peer.ts';
import { generateKeyPair } from './curve.ts';
import {
  BadMacError,
  type Decrypted,
  DuplicateMessageError,
  type Encrypted,
  FutureMessageError,
  NoSessionError,
  SessionCipher,
  SignatureError,
  UnknownPreKeyError,
  UntrustedIdentityError,
} from './session-cipher.ts';
import { readIndex } from './signal-messages.ts';

const THEM = '4915:1@s.whatsapp.net';
const US = '4916@s.whatsapp.net';
const text = (value: string): Buffer => Buffer.from(value);

interface Pair {
  store: MemorySessionStore;
  cipher: SessionCipher;
  baileys: BaileysSignal;
  /** From us to Baileys. */
  toThem: (message: Encrypted) => Promise<string>;
  /** From Baileys to us. */
  fromThem: (value: string) => Promise<{ type: 'pkmsg' | 'msg'; ciphertext: Buffer }>;
  read: (message: { type: 'pkmsg' | 'msg'; ciphertext: Buffer }) => string;
}

async function pair(): Promise<Pair> {
  const store = new MemorySessionStore();
  const cipher = new SessionCipher(store);
  const baileys = await createBaileysSignal();
  const { repository } = baileys;
  return {
    store,
    cipher,
    baileys,
    toThem: async ({ type, ciphertext }) =>
      Buffer.from(await repository.decryptMessage({ jid: US, type, ciphertext })).toString(),
    fromThem: async (value) => {
      const { type, ciphertext } = await repository.encryptMessage({ jid: US, data: text(value) });
      return { type, ciphertext: Buffer.from(ciphertext) };
    },
    read: ({ type, ciphertext }) => cipher.decrypt(THEM, type, ciphertext).plaintext.toString(),
  };
}

/** A session that our side has started; both sides have read one message of the other. */
async function established(): Promise<Pair> {
  const p = await pair();
  p.cipher.startOutgoing(THEM, p.baileys.bundle(1));
  await p.toThem(p.cipher.encrypt(THEM, text('hello')));
  p.read(await p.fromThem('welcome'));
  return p;
}

describe('session with Baileys', () => {
  test.each([1, undefined])(
    'we start, with one-time prekey %s: pkmsg until they answer, then msg',
    async (preKeyId) => {
      const { cipher, baileys, toThem, fromThem, read } = await pair();
      expect(cipher.hasSession(THEM)).toBe(false);
      cipher.startOutgoing(THEM, baileys.bundle(preKeyId));
      for (const word of ['one', 'two']) {
        const message = cipher.encrypt(THEM, text(word));
        expect(message.type).toBe('pkmsg');
        expect(await toThem(message)).toBe(word);
      }
      const answer = await fromThem('answer');
      expect(answer.type).toBe('msg');
      expect(read(answer)).toBe('answer');
      const next = cipher.encrypt(THEM, text('three'));
      expect(next.type).toBe('msg');
      expect(await toThem(next)).toBe('three');
    },
  );

  test.each([3, undefined])('they start, with one-time prekey %s', async (preKeyId) => {
    const { store, cipher, baileys, toThem, fromThem, read } = await pair();
    await baileys.repository.injectE2ESession({ jid: US, session: store.baileysBundle(preKeyId) });
    for (const word of ['one', 'two']) {
      const message = await fromThem(word);
      expect(message.type).toBe('pkmsg');
      expect(read(message)).toBe(word);
    }
    expect(store.preKeys.has(3)).toBe(preKeyId === undefined);
    expect(await toThem(cipher.encrypt(THEM, text('answer')))).toBe('answer');
    const next = await fromThem('three');
    expect(next.type).toBe('msg');
    expect(read(next)).toBe('three');
  });

  test('any order of delivery in any conversation is read, each message once', async () => {
    const step = fc.record({ ours: fc.boolean(), count: fc.integer({ min: 1, max: 4 }), shuffle: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { cipher, toThem, fromThem, read } = await established();
        for (const { ours, count, shuffle } of steps) {
          const sent: (() => Promise<string>)[] = [];
          for (let i = 0; i < count; i++) {
            if (ours) {
              const message = cipher.encrypt(THEM, text(`${i}`));
              sent.push(() => toThem(message));
            } else {
              const message = await fromThem(`${i}`);
              sent.push(async () => {
                const value = read(message);
                expect(() => read(message)).toThrow(DuplicateMessageError);
                return value;
              });
            }
          }
          const first = shuffle % count;
          const order = [...sent.keys()].map((i) => (i + first) % count).reverse();
          for (const i of order) expect(await sent[i]!()).toBe(`${i}`);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('messages of an earlier ratchet turn arrive late', async () => {
    const { cipher, toThem, fromThem, read } = await established();
    const late = await fromThem('late');
    expect(read(await fromThem('early'))).toBe('early');
    for (let turn = 0; turn < 3; turn++) {
      expect(await toThem(cipher.encrypt(THEM, text('turn')))).toBe('turn');
      expect(read(await fromThem('back'))).toBe('back');
    }
    expect(read(late)).toBe('late');
    expect(() => read(late)).toThrow(DuplicateMessageError);
  });

  test('our late messages of an earlier turn are read by them', async () => {
    const { cipher, toThem, fromThem, read } = await established();
    const late = cipher.encrypt(THEM, text('late'));
    expect(await toThem(cipher.encrypt(THEM, text('early')))).toBe('early');
    read(await fromThem('turn'));
    expect(await toThem(cipher.encrypt(THEM, text('after')))).toBe('after');
    expect(await toThem(late)).toBe('late');
  });

  test('they replace the session: new messages use it, late ones of the old one are still read', async () => {
    const { store, cipher, baileys, toThem, fromThem, read } = await established();
    const late = await fromThem('late');
    await baileys.repository.injectE2ESession({ jid: US, session: store.baileysBundle(4) });
    const first = await fromThem('new session');
    expect(first.type).toBe('pkmsg');
    expect(read(first)).toBe('new session');
    expect(read(late)).toBe('late');
    expect(await toThem(cipher.encrypt(THEM, text('still here')))).toBe('still here');
  });

  test('we replace the session', async () => {
    const { cipher, baileys, toThem, fromThem, read } = await established();
    cipher.startOutgoing(THEM, baileys.bundle(2));
    const message = cipher.encrypt(THEM, text('fresh'));
    expect(message.type).toBe('pkmsg');
    expect(await toThem(message)).toBe('fresh');
    expect(read(await fromThem('seen'))).toBe('seen');
  });

  test('the index names ratchet key and counter, with and without decrypting', async () => {
    const { cipher, fromThem } = await established();
    const seen: Decrypted['index'][] = [];
    for (let i = 0; i < 3; i++) {
      const { type, ciphertext } = await fromThem('x');
      const { index } = cipher.decrypt(THEM, type, ciphertext);
      expect(readIndex(type, ciphertext)).toEqual(index);
      seen.push(index);
    }
    expect(seen.map((index) => index.counter)).toEqual([1, 2, 3]);
    expect(new Set(seen.map((index) => index.ratchetKey)).size).toBe(1);
    const sent = cipher.encrypt(THEM, text('y'));
    expect(readIndex(sent.type, sent.ciphertext)).toEqual(sent.index);
  });
});

describe('session between two of our own', () => {
  // Not with Baileys: libsignal tries a message on the wrong session first and thereby spoils that session.
  test('both start at once and find to each other', () => {
    const [left, right] = [new MemorySessionStore(), new MemorySessionStore()];
    const [one, two] = [new SessionCipher(left), new SessionCipher(right)];
    one.startOutgoing('two', right.bundle(1));
    two.startOutgoing('one', left.bundle(1));
    const fromOne = one.encrypt('two', text('from one'));
    const fromTwo = two.encrypt('one', text('from two'));
    expect(one.decrypt('two', fromTwo.type, fromTwo.ciphertext).plaintext.toString()).toBe('from two');
    expect(two.decrypt('one', fromOne.type, fromOne.ciphertext).plaintext.toString()).toBe('from one');
    for (let i = 0; i < 4; i++) {
      const there = one.encrypt('two', text(`there ${i}`));
      expect(two.decrypt('one', there.type, there.ciphertext).plaintext.toString()).toBe(`there ${i}`);
      const back = two.encrypt('one', text(`back ${i}`));
      expect(one.decrypt('two', back.type, back.ciphertext).plaintext.toString()).toBe(`back ${i}`);
    }
  });

  test('a closed session can be read but not written to', () => {
    const [left, right] = [new MemorySessionStore(), new MemorySessionStore()];
    const [one, two] = [new SessionCipher(left), new SessionCipher(right)];
    one.startOutgoing('two', right.bundle(1));
    const message = one.encrypt('two', text('x'));
    two.decrypt('one', message.type, message.ciphertext);
    const late = one.encrypt('two', text('late'));
    const session = right.loadSession('one')!;
    session.close();
    right.saveSession('one', session);
    expect(two.hasSession('one')).toBe(false);
    expect(() => two.encrypt('one', text('y'))).toThrow(NoSessionError);
    expect(two.decrypt('one', late.type, late.ciphertext).plaintext.toString()).toBe('late');
  });
});

describe('what a session refuses', () => {
  test('a pkmsg that comes twice', async () => {
    const { store, baileys, fromThem, read } = await pair();
    await baileys.repository.injectE2ESession({ jid: US, session: store.baileysBundle(1) });
    const first = await fromThem('once');
    expect(read(first)).toBe('once');
    expect(() => read(first)).toThrow(DuplicateMessageError);
  });

  test('a one-time prekey that is gone, a signed prekey that never was', async () => {
    const { store, baileys, fromThem, read } = await pair();
    await baileys.repository.injectE2ESession({ jid: US, session: store.baileysBundle(1) });
    const message = await fromThem('x');
    const [preKey] = [store.preKeys.get(1)!];
    store.preKeys.delete(1);
    expect(() => read(message)).toThrow(UnknownPreKeyError);
    store.preKeys.set(1, preKey);
    store.signedPreKey.id = 8;
    expect(() => read(message)).toThrow(UnknownPreKeyError);
    store.signedPreKey.id = 7;
    expect(read(message)).toBe('x');
  });

  test('a changed message, which leaves the session as it was', async () => {
    const { store, fromThem, read } = await established();
    const message = await fromThem('intact');
    const before = store.sessions.get(THEM);
    for (const at of [5, 20, message.ciphertext.length - 12, message.ciphertext.length - 1]) {
      const ciphertext = Buffer.from(message.ciphertext);
      ciphertext[at]! ^= 1;
      expect(() => read({ ...message, ciphertext })).toThrow();
    }
    expect(store.sessions.get(THEM)).toBe(before);
    expect(read(message)).toBe('intact');
  });

  test('a bundle whose prekey signature is wrong', async () => {
    const { cipher, baileys } = await pair();
    const bundle = baileys.bundle(1);
    bundle.signedPreKey.signature[0]! ^= 1;
    expect(() => cipher.startOutgoing(THEM, bundle)).toThrow(SignatureError);
    expect(cipher.hasSession(THEM)).toBe(false);
  });

  test('an identity that the store does not trust, in a bundle and in a pkmsg', async () => {
    const { store, cipher, baileys, fromThem, read } = await pair();
    store.trusted = () => false;
    expect(() => cipher.startOutgoing(THEM, baileys.bundle(1))).toThrow(UntrustedIdentityError);
    await baileys.repository.injectE2ESession({ jid: US, session: store.baileysBundle(1) });
    const message = await fromThem('x');
    expect(() => read(message)).toThrow(UntrustedIdentityError);
  });

  test('a message without a session, or for another one', async () => {
    const one = await established();
    const other = await established();
    expect(() => one.cipher.encrypt('nobody', text('x'))).toThrow(NoSessionError);
    expect(() => one.cipher.decrypt('nobody', 'msg', Buffer.alloc(0))).toThrow(NoSessionError);
    const foreign = await other.fromThem('x');
    expect(() => one.read(foreign)).toThrow(BadMacError);
  });

  test('a message more than 2000 ahead', async () => {
    const ours = new MemorySessionStore();
    const theirs = new MemorySessionStore();
    const sender = new SessionCipher(ours);
    const receiver = new SessionCipher(theirs);
    sender.startOutgoing('them', theirs.bundle(1));
    const messages = Array.from({ length: 2003 }, () => sender.encrypt('them', text('x')));
    const read = (at: number) => receiver.decrypt('us', messages[at]!.type, messages[at]!.ciphertext);
    read(0);
    expect(() => read(2002)).toThrow(FutureMessageError);
    expect(read(2001).index.counter).toBe(2001);
    expect(read(2002).index.counter).toBe(2002);
    expect(read(1).index.counter).toBe(1);
  });

  test('a pkmsg that reuses a base key under another identity', async () => {
    const { store, baileys, fromThem, read } = await pair();
    await baileys.repository.injectE2ESession({ jid: US, session: store.baileysBundle() });
    const message = await fromThem('x');
    read(message);
    const identity = Buffer.from(baileys.creds.signedIdentityKey.public);
    const at = message.ciphertext.indexOf(identity);
    const forged = Buffer.from(message.ciphertext);
    generateKeyPair().publicKey.copy(forged, at);
    expect(() => read({ type: 'pkmsg', ciphertext: forged })).toThrow(UntrustedIdentityError);
  });
});
