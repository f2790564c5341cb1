import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Broadcast } from '@wa-gate/contracts';
import { beforeAll, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let ann: Phone;
let ben: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  [ann, ben] = [await addPhone(system(), 'Ann'), await addPhone(system(), 'Ben')];
});

const textsAt = async (phone: Phone) => (await system().sandbox.inbox(phone.number)).map(({ text }) => text);

test('every command of docs/campaigns.md runs as it stands (MR-199)', async () => {
  const text = await readFile(repositoryFile('docs/campaigns.md'), 'utf8');
  const script = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
  const env = {
    ...process.env,
    BASE: system().gateways[0]!.url,
    TOKEN: tenant.apiKey,
    SESSION: session.sessionId,
    ANN: `+${ann.number}`,
    BEN: `+${ben.number}`,
  };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env, timeout: 60_000 });
  expect(stdout).toContain('Hello Ann, order 4711 is ready.');
  expect(stdout).toContain('Rooms are free from nine to five, friend.');
  await waitFor(async () => (await textsAt(ben)).includes('Hello friend, order 4712 is ready.'));
});

test('somebody writes STOP, and then no broadcast comes; a keyword is answered by the one rule that fits (MR-071)', async () => {
  const say = (phone: Phone, words: string) => system().sandbox.sendText(phone.number, session.phone.number, words);
  const rule = { name: 'Rooms', match: 'contains', patterns: ['lihat ruang'], reply: 'Room A is free.' };
  await tenant.api.data('/api/rules', { method: 'POST', json: rule });
  await say(ann, 'stop!');
  await waitFor(async () => (await textsAt(ann)).some((words) => words?.includes('No more news')));
  await say(ben, 'Mau LIHAT ruang');
  await waitFor(async () => (await textsAt(ben)).includes('Room A is free.'));
  const json = {
    message: 'News',
    sessionIds: [session.sessionId],
    recipients: [ann.number, ben.number],
    start: true,
  };
  const { broadcastId } = await tenant.api.data<{ broadcastId: string }>('/api/broadcast', { method: 'POST', json });
  const done = await waitFor(async () => {
    const found = await tenant.api.data<Broadcast>(`/api/broadcast/${broadcastId}`);
    return found.status === 'completed' ? found : undefined;
  });
  expect(done.counts).toMatchObject({ sent: 1, skipped: 1 });
  expect(await textsAt(ann)).not.toContain('News');
  expect((await textsAt(ben)).filter((words) => words === 'News' || words === 'Room A is free.')).toHaveLength(2);
});

expectSoundSystem(system);
