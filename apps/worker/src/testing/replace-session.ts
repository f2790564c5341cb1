// A program of its own: replaces Signal sessions repeatedly, as a worker does, and prints one line itself. The test
// searches its output.
import { createPool } from '@wa-gate/db';

const mode = process.argv[2];
const originals = { ...console };

const { createParty, introduce, padded } = await import('./signal-parties.ts');
const { createSignalRepository } = await import('../whatsapp/signal-repository.ts');
if (mode === 'without-repair') Object.assign(console, originals);

const PEER = '2222@s.whatsapp.net';
const ME = '1111@s.whatsapp.net';
const pool = createPool({ url: process.env.TEST_POOL_URL ?? '', name: 'replace-session', max: 2 });
const alice = await createParty(pool, createSignalRepository());
const bob = await createParty(pool, createSignalRepository());
for (const party of [alice, bob])
  await party.store.set({ 'lid-mapping': { 1111: '81', '81_reverse': '1111', 2222: '82', '82_reverse': '2222' } });

for (let n = 1; n <= 3; n += 1) {
  await introduce(alice, bob, PEER, n);
  const message = await alice.repository.encryptMessage({ jid: PEER, data: padded(`message ${n}`) });
  await bob.repository.decryptMessage({ jid: ME, ...message });
  await bob.repository.decryptMessage({ jid: ME, ...message }).catch(() => undefined);
}

const secrets: string[] = [];
for (const { creds } of [alice, bob]) {
  for (const key of [creds.signedIdentityKey.private, creds.signedPreKey.keyPair.private, creds.noiseKey.private]) {
    secrets.push(...formsOf(Buffer.from(key)));
  }
}
process.send?.(secrets);
console.info('our own line');
console.error('our own line on stderr');
await pool.end();
process.disconnect?.();

/** The forms in which a key may be printed: encoded, or as Node prints the beginning of a Buffer. */
function formsOf(key: Buffer): string[] {
  const hex = key.toString('hex');
  const inspected = hex.slice(0, 20).match(/../g) ?? [];
  return [hex, key.toString('base64'), inspected.join(' ')];
}
