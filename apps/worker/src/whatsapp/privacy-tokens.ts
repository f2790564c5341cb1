import type { AuthStore } from './auth-store.ts';

/** WhatsApp Web gives a contact a new token once per week; weeks are counted from 1970. */
const WEEK_SECONDS = 604_800;
const weekOf = (seconds: number) => Math.floor(seconds / WEEK_SECONDS);

/**
 * Notes that the contact was given this week's privacy token. Baileys gives one with every first message of a week and
 * writes the note itself, but from inside a transaction that has ended, where it is lost: without this it would ask the
 * server again with every message.
 */
export async function noteTokenIssued(store: AuthStore, contact: string, nowMs: number): Promise<void> {
  const now = Math.floor(nowMs / 1000);
  const { [contact]: entry } = await store.state.keys.get('tctoken', [contact]);
  if (entry?.senderTimestamp !== undefined && weekOf(entry.senderTimestamp) === weekOf(now)) return;
  await store.set({
    tctoken: { [contact]: { ...entry, token: entry?.token ?? Buffer.alloc(0), senderTimestamp: now } },
  });
}
