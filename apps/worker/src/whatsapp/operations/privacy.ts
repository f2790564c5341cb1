import type { AnswerOf, InputOf } from '@wa-gate/contracts';
import { S_WHATSAPP_NET, type WASocket } from '../baileys.ts';
import { askNode, nodeOf } from '../nodes.ts';
import { askPrivacy, setPrivacy } from '../privacy-settings.ts';
import { askDisappearing } from '../user-query.ts';
import { ownJid, type Performers } from './operation-socket.ts';

export const privacy: Performers<'privacy'> = {
  'privacy.get': ({ sock }) => read(sock),
  async 'privacy.set'({ sock }, input) {
    for (const [name, value] of changesOf(input)) await setPrivacy(sock, name, value);
    if (input.disappearingSeconds !== undefined) await setDisappearing(sock, input.disappearingSeconds);
    return await read(sock);
  },
};

type Settings = AnswerOf<'privacy.get'>;
type Input = InputOf<'privacy.set'>;

/** Our words and WhatsApp's. */
const AUDIENCES = { everyone: 'all', contacts: 'contacts', contacts_except: 'contact_blacklist', nobody: 'none' };
const ONLINE = { everyone: 'all', same_as_last_seen: 'match_last_seen' };
const CALLS = { everyone: 'all', known: 'known' };
const WORDS = {
  lastSeen: { category: 'last', words: AUDIENCES },
  online: { category: 'online', words: ONLINE },
  picture: { category: 'profile', words: AUDIENCES },
  about: { category: 'status', words: AUDIENCES },
  groups: { category: 'groupadd', words: AUDIENCES },
  calls: { category: 'calladd', words: CALLS },
  messages: { category: 'messages', words: AUDIENCES },
} as const satisfies Partial<Record<keyof Settings, { category: string; words: Record<string, string> }>>;
const READ_RECEIPTS = 'readreceipts';

function changesOf({ readReceipts, disappearingSeconds: _, ...given }: Input): [category: string, value: string][] {
  const changes = Object.entries(given).map(([field, word]): [string, string] => {
    const { category, words } = WORDS[field as keyof typeof WORDS];
    return [category, (words as Record<string, string>)[word]!];
  });
  return readReceipts === undefined ? changes : [...changes, [READ_RECEIPTS, readReceipts ? 'all' : 'none']];
}

async function read(sock: WASocket): Promise<Settings> {
  const [categories, disappearingSeconds] = await Promise.all([askPrivacy(sock), askDisappearing(sock, ownJid(sock))]);
  const settings = Object.entries(WORDS).map(([field, { category, words }]) => {
    const word = Object.entries(words).find(([, theirs]) => theirs === categories[category])?.[0];
    return [field, word ?? null];
  });
  const tells = categories[READ_RECEIPTS];
  const readReceipts = tells === undefined ? null : tells === 'all';
  return { ...Object.fromEntries(settings), readReceipts, disappearingSeconds } as Settings;
}

async function setDisappearing(sock: WASocket, seconds: number): Promise<void> {
  const mode = nodeOf('disappearing_mode', { duration: String(seconds) });
  await askNode(sock, nodeOf('iq', { xmlns: 'disappearing_mode', to: S_WHATSAPP_NET, type: 'set' }, [mode]));
}
