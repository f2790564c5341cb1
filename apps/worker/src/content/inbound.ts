import type { InboundMessage } from '@wa-gate/messaging';
import { isJidStatusBroadcast, jidNormalizedUser, proto, type WAMessage } from '../whatsapp/baileys.ts';
import { type ReadChange, readChange } from './changes.ts';
import { toNumber } from './fields.ts';
import { type Content, readContent, unwrap } from './read-content.ts';

/** A received message without its own id, session and epoch. */
export type ReadMessage = Omit<InboundMessage, 'id' | 'sessionId' | 'epoch'>;

/** A change of an earlier message. */
export interface InboundChange {
  /** The id of the change itself. */
  waMessageId: string;
  chatJid: string;
  /** The author of the change. */
  fromJid: string;
  fromMe: boolean;
  /** The changed message and its author. */
  target: { waMessageId: string; fromJid: string };
  change: Pick<ReadChange, 'name' | 'data'>;
  waTimestamp: Date;
}

/** What is stored for a received message. */
export type Projection =
  | { as: 'message'; message: ReadMessage }
  | { as: 'change'; change: InboundChange }
  | { as: 'nothing' };

/** The jids of the account itself. */
export interface OwnJids {
  jid: string;
  lid?: string;
}

/** The stub for a message that could not be decrypted. A later copy replaces it. */
const UNREADABLE: Content = { type: 'unknown', content: { kind: 'undecryptable' } };

const NOTHING: Projection = { as: 'nothing' };

/**
 * Converts a received message into what is stored; into a stub when it could not be decrypted. Status updates, group
 * notices and messages between the devices of the account are not shown to the user. Pure.
 */
export function project(received: WAMessage, own: OwnJids): Projection {
  const { key, message } = received;
  const chatJid = key.remoteJid;
  if (!chatJid || !key.id || received.category === 'peer' || isJidStatusBroadcast(chatJid)) return NOTHING;
  const stubType = received.messageStubType;
  if (stubType && stubType !== proto.WebMessageInfo.StubType.CIPHERTEXT) return NOTHING;
  const unwrapped = message && unwrap(message);
  const readable = unwrapped ? readContent(unwrapped) : null;
  const isStub = Boolean(stubType) && !readable;
  const content = isStub ? UNREADABLE : readable;
  const envelope = {
    waMessageId: key.id,
    chatJid,
    fromJid: key.fromMe ? own.jid : jidNormalizedUser(key.participant || chatJid),
    fromMe: key.fromMe ?? false,
    waTimestamp: new Date((toNumber(received.messageTimestamp) ?? Date.now() / 1000) * 1000),
  };
  if (!content) {
    const change = unwrapped ? readChange(unwrapped) : null;
    return change ? { as: 'change', change: changeOf(change, envelope, own) } : NOTHING;
  }
  return {
    as: 'message',
    message: {
      ...envelope,
      ...(key.remoteJidAlt ? { chatAltJid: jidNormalizedUser(key.remoteJidAlt) } : {}),
      ...(received.pushName ? { senderName: storable(received.pushName) } : {}),
      ...storableParts(content),
      ...(isStub ? { isStub } : {}),
    },
  };
}

function changeOf(
  { name, data, target }: ReadChange,
  envelope: Omit<InboundChange, 'target' | 'change'>,
  own: OwnJids,
): InboundChange {
  return {
    ...envelope,
    target: { waMessageId: target.id!, fromJid: authorOf(target, envelope, own) },
    change: storableParts({ name, data } as Pick<ReadChange, 'name' | 'data'>),
  };
}

/** `fromMe` inside a change is relative to the author of the change. */
function authorOf(
  { participant, fromMe }: proto.IMessageKey,
  envelope: Pick<InboundChange, 'chatJid' | 'fromJid' | 'fromMe'>,
  own: OwnJids,
): string {
  if (fromMe) return envelope.fromJid;
  if (participant) return jidNormalizedUser(participant);
  return envelope.fromMe ? envelope.chatJid : own.jid;
}

/** PostgreSQL cannot store NUL, and a sender may put it into a text. */
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

/** A copy as JSON with NUL replaced in every text. */
const storableParts = <T extends object>(parts: T): T =>
  JSON.parse(JSON.stringify(parts), (_, value) => (typeof value === 'string' ? storable(value) : value));
