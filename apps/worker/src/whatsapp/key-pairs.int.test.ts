import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const dist = (name: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/whatsapp/${name}`, import.meta.url)));

/** Every collection is one of the whole heap, and they come often: what happens once in a day happens in a second. */
const PROGRAM = `
import { setFlagsFromString } from 'node:v8';
import { Curve } from ${dist('baileys.js')};
import { preparedKeyPairs, prepareKeyPairs } from ${dist('key-pairs.js')};
setFlagsFromString('--gc-global');
const kept = [];
for (let n = 0; n < 30_000; n += 1) kept[n % 1_000] = Curve.generateKeyPair();
prepareKeyPairs(1_500);
while (preparedKeyPairs() < 1_500) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(kept.length);`;

it('a collection of the whole heap while a key pair is made stops no worker (MR-011)', async () => {
  const args = ['--max-semi-space-size=1', '--input-type=module', '-e', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000, killSignal: 'SIGKILL' });
  expect(stdout).toBe('1000\n');
}, 90_000);
