import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createParty, introduce, messageKeyOf, padded, type SignalParty } from '../testing/signal-parties.ts';
import { DEFAULT_CONNECTION_CONFIG } from './baileys.ts';
import { makeLockedSignalRepository } from './signal-repository.ts';

/**
 * The contract with rc14 (DESIGN 1.10): the day it serialises both directions of a contact by itself, the first test fails and the lock may go.
 */
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ max: 8 });
});
afterAll(() => database?.drop());

const ALICE_PN = '1111@s.whatsapp.net';
const ALICE_LID = '8888@lid';
const BOB = '2222@s.whatsapp.net';
const BURSTS = 12;
/** More receives than sends, so that a receive commits last: that is the one which turns the counter back. */
const SENDS = 4;
const RECEIVES = 8;

async function conversation(
  makeRepository: typeof makeLockedSignalRepository,
): Promise<[alice: SignalParty, bob: SignalParty]> {
  const alice = await createParty(database.pool, DEFAULT_CONNECTION_CONFIG.makeSignalRepository);
  const bob = await createParty(database.pool, makeRepository);
  bob.creds.me = { id: BOB };
  await bob.store.set({ 'lid-mapping': { 1111: '8888', '8888_reverse': '1111' } });
  await introduce(alice, bob, BOB, 7);
  const first = await alice.repository.encryptMessage({ jid: BOB, data: padded('first') });
  await bob.repository.decryptMessage({ jid: ALICE_LID, ...first });
  return [alice, bob];
}

/** As `relayMessage` does: one transaction around everything that is sent, named after the own account. */
const relay = (bob: SignalParty, text: string): Promise<string> =>
  bob.keys.transaction(async () => {
    const { ciphertext } = await bob.repository.encryptMessage({ jid: ALICE_PN, data: padded(text) });
    return messageKeyOf(ciphertext);
  }, BOB);

/** Bursts of sends by phone number against receives by LID: how many message keys were used twice, how many receives failed. */
async function bursts(alice: SignalParty, bob: SignalParty): Promise<{ reused: number; failed: number }> {
  const used: string[] = [];
  let failed = 0;
  for (let burst = 0; burst < BURSTS; burst += 1) {
    const incoming = [];
    for (let n = 0; n < RECEIVES; n += 1) {
      incoming.push(await alice.repository.encryptMessage({ jid: BOB, data: padded(`in ${burst}.${n}`) }));
    }
    const sends = Array.from({ length: SENDS }, async (_, n) => used.push(await relay(bob, `out ${burst}.${n}`)));
    const receives = incoming.map((message) =>
      bob.repository.decryptMessage({ jid: ALICE_LID, ...message }).catch(() => {
        failed += 1;
      }),
    );
    await Promise.all([...sends, ...receives]);
  }
  return { reused: used.length - new Set(used).size, failed };
}

it('rc14 as it comes uses message keys twice when a contact writes and is written to at once', async () => {
  const { reused } = await bursts(...(await conversation(DEFAULT_CONNECTION_CONFIG.makeSignalRepository)));
  expect(reused).toBeGreaterThan(0);
});

it('with the lock no message key is used twice, and everything is read', async () => {
  const [alice, bob] = await conversation(makeLockedSignalRepository);
  expect(await bursts(alice, bob)).toEqual({ reused: 0, failed: 0 });
});

// Between the new mapping and the move of the session, which rc14 makes in this order, a send may find no session; it is tried again then.
it('a session that moves from number to LID under traffic never uses a key twice', async () => {
  const alice = await createParty(database.pool, DEFAULT_CONNECTION_CONFIG.makeSignalRepository);
  const bob = await createParty(database.pool, makeLockedSignalRepository);
  bob.creds.me = { id: BOB };
  // Known under the phone number only, as from a time before LIDs.
  await introduce(alice, bob, BOB, 7);
  const first = await alice.repository.encryptMessage({ jid: BOB, data: padded('first') });
  await bob.repository.decryptMessage({ jid: ALICE_PN, ...first });
  await bob.store.set({ 'device-list': { 1111: ['0'] } });

  const move = async () => {
    await bob.repository.lidMapping.storeLIDPNMappings([{ lid: ALICE_LID, pn: ALICE_PN }]);
    return bob.repository.migrateSession(ALICE_PN, ALICE_LID);
  };
  const sends = await Promise.allSettled([
    ...Array.from({ length: 5 }, (_, n) => relay(bob, `before ${n}`)),
    move().then(() => relay(bob, 'after the move')),
    ...Array.from({ length: 5 }, (_, n) => relay(bob, `during ${n}`)),
  ]);
  const used = sends.flatMap((send) => (send.status === 'fulfilled' ? [send.value] : []));
  used.push(await relay(bob, 'later'));
  expect(used.length).toBeGreaterThan(1);
  expect(new Set(used).size).toBe(used.length);
});

it('leaves no work of a failed step behind: the next one goes on', async () => {
  const [alice, bob] = await conversation(makeLockedSignalRepository);
  const message = await alice.repository.encryptMessage({ jid: BOB, data: padded('again') });
  await bob.repository.decryptMessage({ jid: ALICE_LID, ...message });
  await expect(bob.repository.decryptMessage({ jid: ALICE_LID, ...message })).rejects.toThrow();
  const next = await alice.repository.encryptMessage({ jid: BOB, data: padded('next') });
  expect(await bob.repository.decryptMessage({ jid: ALICE_LID, ...next })).toBeDefined();
});
