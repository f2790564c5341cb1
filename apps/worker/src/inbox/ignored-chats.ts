import type { IgnoredChat } from '@wa-gate/contracts';

/** By the end of the jid. What ends otherwise is a person. */
const KINDS: readonly (readonly [end: string, kind: IgnoredChat])[] = [
  ['@g.us', 'groups'],
  ['@newsletter', 'channels'],
  ['status@broadcast', 'status'],
  ['@broadcast', 'broadcasts'],
];

/** Whether a session is told to ignore the messages of a chat. */
export function isIgnored(ignore: readonly IgnoredChat[], chatJid: string | null | undefined): boolean {
  if (ignore.length === 0 || !chatJid) return false;
  const kind = KINDS.find(([end]) => chatJid.endsWith(end))?.[1] ?? 'persons';
  return ignore.includes(kind);
}
