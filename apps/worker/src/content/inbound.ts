import type { InboundChange, InboundMessage, WhatsAppFile } from '@wa-gate/messaging';
import { jidNormalizedUser, proto, type WAMessage } from '../whatsapp/baileys.ts';
import { castAt } from './ballots.ts';
import { type ReadChange, readChange } from './changes.ts';
import { readContext } from './context.ts';
import { toNumber } from './fields.ts';
import { readFile } from './media.ts';
import { type Content, readContent, unwrap } from './read-content.ts';

/** A received message without its own id, session and epoch. */
export type ReadMessage = Omit<InboundMessage, 'id' | 'sessionId' | 'epoch' | 'file'> & { file?: WhatsAppFile };

/** A received change without its own id, session and epoch. */
export type ReceivedChange = Omit<InboundChange, 'id' | 'sessionId' | 'epoch'>;

/** What is stored for a received message. */
export type Projection =
  | { as: 'message'; message: ReadMessage }
  | { as: 'change'; change: ReceivedChange }
  | { as: 'nothing' };

/** The jids of the account itself. */
export interface OwnJids {
  jid: string;
  lid?: string;
}

/** What the stanza says about its message, and Baileys does not pass on. */
export interface StanzaFacts {
  /** The attribute `edit`: what the message does to another one, as WhatsApp's server was told. */
  edit?: string | undefined;
  /** Its sender wants nothing to be shown when it cannot be decrypted, as of reactions. */
  isHidden?: boolean | undefined;
}

/** The attribute `edit` of a deletion by an administrator of the group. */
const ADMIN_REVOKE = '8';

/** The stub for a message that could not be decrypted. A later copy replaces it. */
const UNREADABLE: Content = { type: 'unknown', content: { kind: 'undecryptable' } };

/** A view-once message, which WhatsApp gives to the phone alone. */
const VIEW_ONCE: Content = { type: 'unknown', content: { kind: 'viewOnce' } };

const NOTHING: Projection = { as: 'nothing' };

/** A message whose form is not known, by the name of the form. */
export const unsupported = (kind: string, more: object = {}): Content => ({
  type: 'unknown',
  content: { kind, ...more },
});

/**
 * Converts a received message into what is stored; into a stub when it could not be decrypted. Group notices and
 * messages between the devices of the account are not shown to the user. Pure.
 */
export function project(received: WAMessage, own: OwnJids, stanza: StanzaFacts = {}): Projection {
  const { key, message } = received;
  const chatJid = key.remoteJid;
  if (!chatJid || !key.id || received.category === 'peer') return NOTHING;
  const stubType = received.messageStubType;
  if (stubType && stubType !== proto.WebMessageInfo.StubType.CIPHERTEXT) return NOTHING;
  const unwrapped = message && unwrap(message);
  const readable = unwrapped ? readContent(unwrapped) : null;
  const isStub = Boolean(stubType) && !readable;
  const envelope = envelopeOf(received, chatJid, own);
  const change = unwrapped && !readable && !isStub ? readChange(unwrapped) : null;
  if (change) return { as: 'change', change: changeOf(change, key, envelope, own, stanza) };
  // What is done to another message is no message: without its content there is nothing to show, until a copy comes.
  if (isStub && (stanza.isHidden || stanza.edit)) return NOTHING;
  const content = isStub ? UNREADABLE : (readable ?? shownAnyway(unwrapped, key));
  if (!content) return NOTHING;
  const context = message && !isStub ? readContext(message) : undefined;
  const file = unwrapped && !isStub ? readFile(content.type, unwrapped, chatJid.endsWith('@newsletter')) : null;
  const secret = message?.messageContextInfo?.messageSecret ?? unwrapped?.messageContextInfo?.messageSecret;
  return {
    as: 'message',
    message: {
      ...envelope,
      ...storableParts({ ...content, ...(context && { context }), ...(file && { file }) }),
      ...(isStub ? { isStub } : {}),
      ...(secret?.length ? { secret } : {}),
    },
  };
}

/** What is no content and no change, and must not disappear all the same. */
function shownAnyway(message: proto.IMessage | null | undefined, key: WAMessage['key']): Content | null {
  if (!message) return key.isViewOnce ? VIEW_ONCE : null;
  if (message.secretEncryptedMessage) return unsupported('secretEncryptedMessage');
  const edit = message.protocolMessage?.editedMessage;
  return edit ? unsupported('editedMessage', { targetWaMessageId: message.protocolMessage?.key?.id ?? null }) : null;
}

function envelopeOf({ key, messageTimestamp, pushName }: WAMessage, chatJid: string, own: OwnJids) {
  const sender = jidNormalizedUser(key.participant || chatJid);
  // Of a status update and of a broadcast, Baileys gives the other name of the sender as that of the chat, and does not
  // see that the account's phone has posted it when it is named by its LID.
  const isBroadcast = chatJid.endsWith('@broadcast');
  const fromMe = Boolean(key.fromMe) || (isBroadcast && (sender === own.jid || sender === own.lid));
  return {
    waMessageId: key.id!,
    chatJid,
    ...(key.remoteJidAlt && !isBroadcast ? { chatAltJid: jidNormalizedUser(key.remoteJidAlt) } : {}),
    fromJid: fromMe ? own.jid : sender,
    fromMe,
    ...(pushName ? { senderName: storable(pushName) } : {}),
    waTimestamp: new Date((toNumber(messageTimestamp) ?? Date.now() / 1000) * 1000),
  };
}

function changeOf(
  change: ReadChange,
  key: WAMessage['key'],
  envelope: ReturnType<typeof envelopeOf>,
  own: OwnJids,
  { edit }: StanzaFacts,
): ReceivedChange {
  const { name, data, target } = change;
  const claimed = 'at' in change ? change.at : undefined;
  const fromAltJid = envelope.fromMe ? own.lid : (key.participantAlt ?? key.remoteJidAlt);
  return {
    ...envelope,
    ...(fromAltJid ? { fromAltJid: jidNormalizedUser(fromAltJid) } : {}),
    byAdmin: name === 'revoke' && edit === ADMIN_REVOKE,
    target: { waMessageId: target.id!, fromMe: isOurs(isTurned(change), target, envelope.fromMe, own) },
    waTimestamp: castAt(claimed, envelope.waTimestamp),
    ...storableParts({ kind: name, data: data as Record<string, unknown> }),
  };
}

/** Baileys turns the keys in plain reactions and in votes round to our view. */
const isTurned = ({ name, data }: ReadChange): boolean =>
  name === 'reaction' || (name === 'sealed' && data.sealed === 'vote');

/**
 * Whether the changed message is the account's. Inside of a change `fromMe` is relative to the author of the change,
 * where Baileys has not turned it round.
 */
function isOurs(
  isInOurView: boolean,
  { participant, remoteJid, fromMe }: proto.IMessageKey,
  isByUs: boolean,
  own: OwnJids,
): boolean {
  if (isInOurView || isByUs) return fromMe ?? false;
  if (fromMe) return false;
  const author = jidNormalizedUser(participant || remoteJid || '');
  // In a direct chat the other side names the chat by our jid, which may be one that we do not know of.
  return author === own.jid || author === own.lid || !participant;
}

/** PostgreSQL cannot store NUL, and a sender may put it into a text. */
const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

const storableValue = (_: string, value: unknown): unknown => (typeof value === 'string' ? storable(value) : value);

/** A copy as JSON with NUL replaced in every text. */
export function storableParts<T extends object>(parts: T): T {
  const json = JSON.stringify(parts);
  // Hardly any text has one, and a look at every member takes longer than all else here.
  return JSON.parse(json, json.includes('\\u0000') ? storableValue : undefined) as T;
}
