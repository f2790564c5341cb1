import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useMultiFileAuthState } from '@whiskeysockets/baileys';
import { addPhone } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import type { System } from '../harness/system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { RawCompanion } from '../load/raw/raw-companion.ts';

export interface BaileysFolder {
  folder: string;
  /** The phone that linked it. */
  owner: Phone;
  /** Somebody with whom it has talked. */
  friend: Phone;
  /** A group in which it has written. */
  group: string;
}

/** A folder of `useMultiFileAuthState`, made by real, unmodified Baileys that has talked with people and a group. */
export async function makeBaileysFolder(system: System): Promise<BaileysFolder> {
  // libsignal writes keys to the console whenever it replaces a session.
  console.info = console.warn = () => undefined;
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-baileys-'));
  const [owner, friend] = [await addPhone(system, 'Owner'), await addPhone(system, 'Friend')];
  const { id: group } = await system.sandbox.createGroup({
    owner: friend.number,
    subject: 'Us',
    participants: [owner.number],
    addressing: 'lid',
  });
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const saves = new Set<Promise<void>>();
  const companion = new RawCompanion(await system.sandbox.info(), state, () => {
    const saved = saveCreds().finally(() => saves.delete(saved));
    saves.add(saved);
  });
  await companion.pair(system.sandbox, owner.number);
  for (const text of ['one', 'two']) {
    const came = companion.received(`${text} from the friend`);
    await system.sandbox.sendText(friend.number, owner.number, `${text} from the friend`);
    await came;
    await companion.send(`${friend.number}@s.whatsapp.net`, `${text} from Baileys`);
    await companion.send(group, `${text} in the group`);
  }
  await waitFor(async () => (await system.sandbox.inbox(friend.number)).length >= 4, { what: 'what Baileys has sent' });
  await companion.close();
  await Promise.all(saves);
  return { folder, owner, friend, group };
}
