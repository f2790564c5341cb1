import type { IgnoredChat, SessionSettings } from '@wa-gate/contracts';

/** By the end of the jid. What ends otherwise is a person. */
const KINDS: readonly (readonly [end: string, kind: IgnoredChat])[] = [
  ['@g.us', 'groups'],
  ['@newsletter', 'channels'],
  ['status@broadcast', 'status'],
  ['@broadcast', 'broadcasts'],
];

/** Whether a session does not take in the messages of a chat. */
export function isIgnored(
  { ignore, statusUpdates }: Pick<SessionSettings, 'ignore' | 'statusUpdates'>,
  chatJid: string | null | undefined,
): boolean {
  if (!chatJid) return false;
  const kind = KINDS.find(([end]) => chatJid.endsWith(end))?.[1] ?? 'persons';
  return (kind === 'status' && !statusUpdates) || ignore.includes(kind);
}
