import type { AuthStore } from './auth-store.ts';
import { jidNormalizedUser } from './baileys.ts';

/** WhatsApp Web sends a contact a new token once per week; weeks are counted from 1970. */
const WEEK_SECONDS = 604_800;
const weekOf = (seconds: number) => Math.floor(seconds / WEEK_SECONDS);

/**
 * Records that the contact has the privacy token of this week. Baileys sends a token with the first message of each
 * week and writes the record itself, but in a transaction that has ended, where it is lost. Without this it would query
 * the server with every message.
 */
export async function noteTokenIssued(store: AuthStore, contact: string, nowMs: number): Promise<void> {
  const now = Math.floor(nowMs / 1000);
  const { [contact]: entry } = await store.state.keys.get('tctoken', [contact]);
  if (entry?.senderTimestamp !== undefined && weekOf(entry.senderTimestamp) === weekOf(now)) return;
  await store.set({
    tctoken: { [contact]: { ...entry, token: entry?.token ?? Buffer.alloc(0), senderTimestamp: now } },
  });
}

/** A privacy token of a contact, as the history tells it. Seconds since 1970. */
export interface ToldToken {
  jid: string;
  token: Uint8Array;
  timestamp: number;
  senderTimestamp?: number | undefined;
}

/** Stores the tokens of the history that are newer than the present ones. Baileys keeps them under the LID. */
export async function learnTokens(
  store: AuthStore,
  tokens: readonly ToldToken[],
  lidOf: (jid: string) => Promise<string>,
): Promise<void> {
  for (const { jid, token, timestamp, senderTimestamp } of tokens) {
    const contact = jidNormalizedUser(await lidOf(jidNormalizedUser(jid)));
    const { [contact]: entry } = await store.state.keys.get('tctoken', [contact]);
    if (timestamp <= 0 || Number(entry?.timestamp ?? 0) >= timestamp) continue;
    const news = { token: Buffer.from(token), timestamp: String(timestamp) };
    await store.set({
      tctoken: { [contact]: { ...entry, ...news, ...(senderTimestamp !== undefined && { senderTimestamp }) } },
    });
  }
}
