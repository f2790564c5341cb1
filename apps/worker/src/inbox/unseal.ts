import type { Queryable } from '@wa-gate/db';
import { findSecrets, type InboundChange, type InboundMessage, type SecretOfTarget } from '@wa-gate/messaging';
import { castAt, readAnswer, readVote } from '../content/ballots.ts';
import { readChange } from '../content/changes.ts';
import { type OwnJids, storableParts, unsupported } from '../content/inbound.ts';
import { messageSecret } from '../content/outbound.ts';
import { readContent, unwrap } from '../content/read-content.ts';
import { openSealed, type Sealed, type SealedKind } from '../content/sealed.ts';
import { proto } from '../whatsapp/baileys.ts';

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
  const own = namesOf(ours?.jid, ours?.lid);
  const changers = change.fromMe ? own : unique(namesOf(fromJid, fromAltJid), target.changers);
  // Of an edit both are one person, of whom the stanza of the change tells both names.
  const authors = target.fromMe ? own : unique(namesOf(target.fromJid), target.authors, changers);
  const secret = target.secret ?? (target.fromMe ? messageSecret(messageKey, sessionId, named.waMessageId) : null);
  const data = change.data as unknown as Sealed;
  const plain = secret && openSealed(data, named.waMessageId, secret, { authors, changers });
  try {
    return plain && readOpened(change, data.sealed, plain, target);
  } catch {
    // No protobuf: its author has encrypted something else.
    return null;
  }
}

/** The change that was decrypted; `null`: it says nothing that this version knows. */
function readOpened(
  change: InboundChange,
  sealed: SealedKind,
  plain: Buffer,
  { type, content }: SecretOfTarget,
): InboundChange | null {
  switch (sealed) {
    case 'vote': {
      if (type !== 'poll') return null;
      const data = readVote(plain, (content?.options as string[] | undefined) ?? []);
      return { ...change, kind: 'vote', data };
    }
    case 'answer': {
      const answer = type === 'event' ? readAnswer(plain) : null;
      return (
        answer && { ...change, kind: 'answer', data: answer.data, waTimestamp: castAt(answer.at, change.waTimestamp) }
      );
    }
    case 'reaction': {
      // Encrypted without the message around it.
      const { text } = proto.Message.ReactionMessage.decode(plain);
      return { ...change, ...storableParts({ kind: 'reaction' as const, data: { emoji: text } }) };
    }
    case 'edit': {
      const inner = unwrap(proto.Message.decode(plain));
      const read = readChange(inner);
      if (read?.name === 'edit') return { ...change, ...storableParts({ kind: read.name, data: read.data }) };
      const edited = readContent(inner);
      if (!edited || edited.type === 'unknown') return null;
      return { ...change, ...storableParts({ kind: 'edit' as const, data: { ...edited } }) };
    }
  }
}

const unique = (...names: string[][]): string[] => [...new Set(names.flat())];

const namesOf = (...jids: (string | null | undefined)[]): string[] => jids.flatMap((jid) => (jid ? [jid] : []));

/** The members of the protobuf that encrypted changes come in. */
const MEMBERS: Readonly<Record<SealedKind, string>> = {
  edit: 'secretEncryptedMessage',
  reaction: 'encReactionMessage',
  vote: 'pollUpdateMessage',
  answer: 'encEventResponseMessage',
};

function asMessage(change: InboundChange): InboundMessage {
  const { id, sessionId, epoch, waMessageId, chatJid, chatAltJid, fromJid, fromMe, senderName, waTimestamp, trace } =
    change;
  const sender = { fromJid, fromMe, senderName };
  const envelope = { id, sessionId, epoch, waMessageId, chatJid, chatAltJid, ...sender, waTimestamp, trace };
  const { sealed } = change.data as unknown as Sealed;
  return { ...envelope, ...unsupported(MEMBERS[sealed], { targetWaMessageId: change.target.waMessageId }) };
}
