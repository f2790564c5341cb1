import type { Queryable } from '@wa-gate/db';
import { findSecrets, type InboundChange, type InboundMessage, type SecretOfTarget } from '@wa-gate/messaging';
import { readChange } from '../content/changes.ts';
import { type OwnJids, storableParts, unsupported } from '../content/inbound.ts';
import { messageSecret } from '../content/outbound.ts';
import { readContent, unwrap } from '../content/read-content.ts';
import { openSealed, type Sealed } from '../content/sealed.ts';

/** Encrypted changes, sorted by what became of them. */
export interface Unsealed {
  /** Decrypted ones, and those whose message has not come: they stay sealed and wait. */
  changes: InboundChange[];
  /** What no secret opens: shown as messages of an unknown form. */
  messages: InboundMessage[];
}

export interface UnsealDependencies {
  db: Queryable;
  /** What the secrets inside sent messages are derived from. */
  messageKey: Uint8Array;
  /** The jids of the account of a session. */
  ownJids: (sessionId: string) => OwnJids | undefined;
}

/** Decrypts the sealed changes among these with the secrets of their messages, which it reads if there are any. */
export async function unseal(deps: UnsealDependencies, changes: readonly InboundChange[]): Promise<Unsealed> {
  const sealed = changes.filter(({ kind }) => kind === 'sealed');
  if (sealed.length === 0) return { changes: [...changes], messages: [] };
  const found = new Map((await findSecrets(deps.db, sealed)).map((target) => [sealed[target.index]!, target]));
  const result: Unsealed = { changes: [], messages: [] };
  for (const change of changes) {
    const target = found.get(change);
    const opened = target ? open(deps, change, target) : change;
    if (opened) result.changes.push(opened);
    else result.messages.push(asMessage(change));
  }
  return result;
}

function open({ messageKey, ownJids }: UnsealDependencies, change: InboundChange, target: SecretOfTarget) {
  const { sessionId, fromJid, fromAltJid, target: named } = change;
  const ours = ownJids(sessionId);
  const changers = namesOf(fromJid, fromAltJid);
  const own = namesOf(ours?.jid, ours?.lid);
  // Of an edit both are one person, of whom the stanza of the change tells both names.
  const authors = target.fromMe ? own : [...new Set([...namesOf(target.fromJid), ...changers])];
  const secret = target.secret ?? (target.fromMe ? messageSecret(messageKey, sessionId, named.waMessageId) : null);
  const data = change.data as unknown as Sealed;
  const message = secret && openSealed(data, named.waMessageId, secret, { authors, changers });
  if (!message) return null;
  const inner = unwrap(message);
  const read = readChange(inner);
  if (read && read.name === data.sealed) return { ...change, ...storableParts({ kind: read.name, data: read.data }) };
  const content = data.sealed === 'edit' ? readContent(inner) : null;
  if (!content || content.type === 'unknown') return null;
  return { ...change, ...storableParts({ kind: 'edit' as const, data: { ...content } }) };
}

const namesOf = (...jids: (string | null | undefined)[]): string[] => jids.flatMap((jid) => (jid ? [jid] : []));

function asMessage(change: InboundChange): InboundMessage {
  const { id, sessionId, epoch, waMessageId, chatJid, chatAltJid, fromJid, fromMe, senderName, waTimestamp } = change;
  const envelope = { id, sessionId, epoch, waMessageId, chatJid, chatAltJid, fromJid, fromMe, senderName, waTimestamp };
  const { sealed } = change.data as unknown as Sealed;
  const kind = sealed === 'reaction' ? 'encReactionMessage' : 'secretEncryptedMessage';
  return { ...envelope, ...unsupported(kind, { targetWaMessageId: change.target.waMessageId }) };
}
