import type { InboundMessage } from '@wa-gate/messaging';
import { isJidStatusBroadcast, jidNormalizedUser, proto, type WAMessage } from '../whatsapp/baileys.ts';
import { type ReadChange, readChange } from './changes.ts';
import { toNumber } from './fields.ts';
import { type Content, readContent, unwrap } from './read-content.ts';

/** What WhatsApp told about a message, without who stores it and under which id. */
export type ReadMessage = Omit<InboundMessage, 'id' | 'sessionId' | 'epoch'>;

/** A change of a message that is there already. */
export interface InboundChange {
  /** Of the change itself. */
  waMessageId: string;
  chatJid: string;
  /** Who made it. */
  fromJid: string;
  fromMe: boolean;
  /** The message that it is about, and who wrote that. */
  target: { waMessageId: string; fromJid: string };
  change: Pick<ReadChange, 'name' | 'data'>;
  waTimestamp: Date;
}

/** What a received message is to the user. */
export type Projection =
  | { as: 'message'; message: ReadMessage }
  | { as: 'change'; change: InboundChange }
  | { as: 'nothing' };

/** The account itself, as WhatsApp names it. */
export interface OwnJids {
  jid: string;
  lid?: string;
}

/** Shown in place of what could not be read, until a copy comes that can be. */
const UNREADABLE: Content = { type: 'unknown', content: { kind: 'undecryptable' } };

const NOTHING: Projection = { as: 'nothing' };

/**
 * A received message as it is stored, as a stub when it could not be decrypted. Nothing to the user are status
 * updates, group notices and messages between the account's own devices. Pure.
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

/** `fromMe` inside a change is said by its author, who may be somebody else. */
function authorOf(
  { participant, fromMe }: proto.IMessageKey,
  envelope: Pick<InboundChange, 'chatJid' | 'fromJid' | 'fromMe'>,
  own: OwnJids,
): string {
  if (fromMe) return envelope.fromJid;
  if (participant) return jidNormalizedUser(participant);
  return envelope.fromMe ? envelope.chatJid : own.jid;
}

/** PostgreSQL takes every character but NUL, which a sender may well put into a text. */
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

/** A copy as JSON in which every text can be stored. */
const storableParts = <T extends object>(parts: T): T =>
  JSON.parse(JSON.stringify(parts), (_, value) => (typeof value === 'string' ? storable(value) : value));
