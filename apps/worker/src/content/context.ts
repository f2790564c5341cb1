import { type MessageContext, type OutboundContext, quotedText } from '@wa-gate/contracts';
import { isJidGroup, jidNormalizedUser, proto } from '../whatsapp/baileys.ts';
import { present } from './fields.ts';
import { readContent, unwrap } from './read-content.ts';

const { AssociationType } = proto.MessageAssociation;

/** What of the protobuf's members has a context. */
interface WithContext {
  contextInfo?: proto.IContextInfo | null;
  viewOnce?: boolean | null;
}

/** Reads what belongs to a message beside its content. Pure; `undefined`: nothing does. */
export function readContext(raw: proto.IMessage): MessageContext | undefined {
  const message = unwrap(raw);
  const info = contextInfoOf(message);
  const viewOnce = isInViewOnceEnvelope(raw) || partsOf(message).some((part) => part.viewOnce) || undefined;
  const album = albumOf(raw) ?? albumOf(message);
  const context: MessageContext = {
    ...(info ? contextOf(info) : {}),
    ...(message.extendedTextMessage && previewIn(message.extendedTextMessage)),
    ...(viewOnce && { viewOnce }),
    ...(album && { album }),
  };
  return Object.keys(context).length > 0 ? context : undefined;
}

/** The album of a picture or video. The association is beside the content, inside of an envelope or around it. */
function albumOf({ messageContextInfo }: proto.IMessage): MessageContext['album'] {
  const { associationType, parentMessageKey } = messageContextInfo?.messageAssociation ?? {};
  return associationType === AssociationType.MEDIA_ALBUM && parentMessageKey?.id
    ? { waMessageId: parentMessageKey.id }
    : undefined;
}

function previewIn({
  matchedText: url,
  title,
  description,
}: proto.Message.IExtendedTextMessage): Pick<MessageContext, 'linkPreview'> {
  return url && title ? { linkPreview: { url, title, ...(description && { description }) } } : {};
}

const partsOf = (message: proto.IMessage): WithContext[] =>
  Object.values(message).filter((part): part is WithContext => typeof part === 'object' && part !== null);

/** The context in whichever member of an unwrapped message has one. */
export const contextInfoOf = (message: proto.IMessage): proto.IContextInfo | undefined =>
  partsOf(message).find(({ contextInfo }) => contextInfo)?.contextInfo ?? undefined;

function contextOf(info: proto.IContextInfo): MessageContext {
  const mentions = (info.mentionedJid ?? []).filter(Boolean).map((jid) => jidNormalizedUser(jid));
  return present<MessageContext>({
    replyTo: quotedIn(info),
    mentions: mentions.length > 0 ? mentions : undefined,
    mentionsAll: info.nonJidMentions ? true : undefined,
    forwardedCount: info.isForwarded ? Math.max(1, info.forwardingScore ?? 1) : undefined,
    expiresInSeconds: info.expiration || undefined,
    referral: referralIn(info),
  });
}

function quotedIn({ stanzaId, participant, remoteJid, quotedMessage }: proto.IContextInfo): MessageContext['replyTo'] {
  if (!stanzaId) return undefined;
  const content = quotedMessage ? readContent(unwrap(quotedMessage)) : null;
  const text = content?.text && quotedText(content.text);
  return {
    waMessageId: stanzaId,
    ...(remoteJid && { chat: jidNormalizedUser(remoteJid) }),
    ...(participant && { from: jidNormalizedUser(participant) }),
    type: content?.type ?? 'unknown',
    ...(text && { text }),
  };
}

/** Previews of links use the same part of the protobuf: it counts when it names the ad. */
function referralIn({ externalAdReply: ad, entryPointConversionSource: entry }: proto.IContextInfo) {
  const isAd = ad && (ad.ctwaClid || ad.sourceId || ad.sourceType === 'ad' || entry === 'ctwa_ad');
  if (!isAd) return undefined;
  return present({
    sourceType: ad.sourceType,
    sourceId: ad.sourceId,
    sourceUrl: ad.sourceUrl,
    headline: ad.title,
    body: ad.body,
    mediaUrl: ad.mediaUrl,
    ctwaClid: ad.ctwaClid,
    ref: ad.ref,
  });
}

const MAX_DEPTH = 5;

function isInViewOnceEnvelope(raw: proto.IMessage, depth = 0): boolean {
  if (raw.viewOnceMessage || raw.viewOnceMessageV2 || raw.viewOnceMessageV2Extension) return true;
  const inner = raw.ephemeralMessage?.message ?? raw.deviceSentMessage?.message;
  return inner && depth < MAX_DEPTH ? isInViewOnceEnvelope(inner, depth + 1) : false;
}

/** How a chat names people, and what is true of it when a message is sent. */
export interface ChatFacts {
  /** The account itself, in the addressing of the chat. */
  own: string;
  /** Somebody as the chat names them: in a group of LIDs by the LID, where it is known. */
  nameOf: (jid: string) => string;
  /** Seconds for which messages stay; 0: for ever. */
  expiresInSeconds: number;
  /** Of a group: its members beside the account. */
  recipients?: number;
  /** Of a group: whether the account is one of its administrators. */
  isAdmin?: boolean;
}

/** A quoted file is shown as such, without its bytes. */
const QUOTED_FILES: Readonly<Record<string, (caption: string | null) => proto.IMessage>> = {
  image: (caption) => ({ imageMessage: { caption } }),
  video: (caption) => ({ videoMessage: { caption } }),
  document: (caption) => ({ documentMessage: { caption } }),
  audio: () => ({ audioMessage: {} }),
  sticker: () => ({ stickerMessage: {} }),
};

/**
 * Puts the context of a message into it: what it quotes, whom it mentions, how often it was forwarded, and the timer of
 * its chat. Pure; the message itself where there is nothing to put.
 */
export function withContext(
  message: proto.IMessage,
  context: OutboundContext | undefined,
  chatJid: string,
  facts: ChatFacts,
): proto.IMessage {
  const { quoted, mentions = [], mentionsAll, forwardedCount, linkPreview, album, status } = context ?? {};
  const names = new Map(mentions.map((jid) => [jid, facts.nameOf(jid)]));
  const contextInfo: proto.IContextInfo = {
    ...(quoted && quoteOf(quoted, chatJid, facts)),
    ...(names.size > 0 && { mentionedJid: [...names.values()] }),
    ...(mentionsAll && { nonJidMentions: 1 }),
    ...(forwardedCount && { isForwarded: true, forwardingScore: forwardedCount }),
    ...(facts.expiresInSeconds > 0 && { expiration: facts.expiresInSeconds }),
  };
  const inAlbum = album ? associated(message, album.waMessageId, chatJid, facts) : message;
  const inContext = Object.keys(contextInfo).length > 0 ? applied(renamed(inAlbum, names), contextInfo) : inAlbum;
  if (status) return styled(inContext, status);
  return linkPreview ? previewed(inContext, linkPreview) : inContext;
}

/** Phones show a text of a status update on its background, in white. */
function styled(message: proto.IMessage, { background, font }: NonNullable<OutboundContext['status']>): proto.IMessage {
  if (background === undefined) return message;
  return inContent(message, ({ conversation, extendedTextMessage, ...members }) => ({
    ...members,
    extendedTextMessage: {
      ...(extendedTextMessage ?? { text: conversation ?? '' }),
      backgroundArgb: background,
      textArgb: 0xff_ff_ff_ff,
      font: font ?? 0,
    },
  }));
}

/** Only the other form of text has a place for a preview. */
function previewed(
  message: proto.IMessage,
  { url, title, description, thumbnail }: NonNullable<OutboundContext['linkPreview']>,
): proto.IMessage {
  const preview: proto.Message.IExtendedTextMessage = {
    matchedText: url,
    title,
    description: description ?? null,
    previewType: proto.Message.ExtendedTextMessage.PreviewType.NONE,
    ...(thumbnail && { jpegThumbnail: Buffer.from(thumbnail, 'base64') }),
  };
  return inContent(message, ({ conversation, extendedTextMessage, ...members }) => ({
    ...members,
    extendedTextMessage: { ...(extendedTextMessage ?? { text: conversation ?? '' }), ...preview },
  }));
}

/** Phones find the album of a picture by the key of its message. */
function associated(message: proto.IMessage, id: string, chatJid: string, { own }: ChatFacts): proto.IMessage {
  const participant = isJidGroup(chatJid) ? { participant: own } : {};
  const parentMessageKey = { remoteJid: chatJid, fromMe: true, id, ...participant };
  const messageAssociation = { associationType: AssociationType.MEDIA_ALBUM, parentMessageKey };
  return { ...message, messageContextInfo: { ...message.messageContextInfo, messageAssociation } };
}

function quoteOf(
  { waMessageId, chatJid: from, fromJid, type, text }: NonNullable<OutboundContext['quoted']>,
  chatJid: string,
  { own, nameOf }: ChatFacts,
): proto.IContextInfo {
  const quotedMessage = QUOTED_FILES[type]?.(text) ?? { conversation: text ?? '' };
  return {
    stanzaId: waMessageId,
    participant: fromJid === null ? own : nameOf(fromJid),
    ...(from !== chatJid && { remoteJid: from }),
    quotedMessage,
  };
}

/** A text with mentions as the chat names the mentioned; without any, no context. */
export function mentioned(
  text: string,
  mentions: readonly string[],
  { nameOf }: Pick<ChatFacts, 'nameOf'>,
): { words: string; contextInfo?: proto.IContextInfo } {
  if (mentions.length === 0) return { words: text };
  const names = new Map(mentions.map((jid) => [jid, nameOf(jid)]));
  return { words: renamedIn(text, names), contextInfo: { mentionedJid: [...names.values()] } };
}

function renamedIn(text: string, names: ReadonlyMap<string, string>): string {
  let words = text;
  for (const [jid, name] of names) words = words.replaceAll(`@${digitsOf(jid)}`, `@${digitsOf(name)}`);
  return words;
}

/** Phones find a mention in the text, or in the caption of a file, by the digits of its jid. */
function renamed(message: proto.IMessage, names: ReadonlyMap<string, string>): proto.IMessage {
  if (names.size === 0) return message;
  const rename = (words: string): string => renamedIn(words, names);
  return inContent(message, ({ conversation, ...members }) => ({
    ...mapParts(members, (part) => (part.caption ? { ...part, caption: rename(part.caption) } : part)),
    ...(typeof conversation === 'string' && { conversation: rename(conversation) }),
  }));
}

/** The envelopes that a message may be in when its context is put into it. */
const ENVELOPES = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
] as const;

/** Changes what is in the envelopes of a message. They have no place for a context themselves. */
function inContent(message: proto.IMessage, change: (inner: proto.IMessage) => proto.IMessage): proto.IMessage {
  const envelope = ENVELOPES.find((member) => message[member]?.message);
  if (!envelope) return change(message);
  return { ...message, [envelope]: { message: inContent(message[envelope]!.message!, change) } };
}

interface Part {
  caption?: string | null;
}

/** Changes each member that is a message of its own; the part about the message itself stays. */
const mapParts = (
  { messageContextInfo, ...members }: proto.IMessage,
  change: (part: Part) => object,
): proto.IMessage => ({
  ...Object.fromEntries(Object.entries(members).map(([name, part]) => [name, isPart(part) ? change(part) : part])),
  ...(messageContextInfo && { messageContextInfo }),
});

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null;

const digitsOf = (jid: string): string => jid.slice(0, jid.indexOf('@'));

/** A plain text has no place for a context, and becomes the other form of text. */
function applied(message: proto.IMessage, contextInfo: proto.IContextInfo): proto.IMessage {
  return inContent(message, ({ conversation, ...members }) => ({
    ...mapParts(members, (part) => ({ ...part, contextInfo })),
    ...(typeof conversation === 'string' && { extendedTextMessage: { text: conversation, contextInfo } }),
  }));
}
