import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';

/** The address and keys of an encrypted file. Byte strings are base64. */
export interface MediaReference {
  mimetype: string | null;
  path: string;
  mediaKey: string;
  fileSha256: string;
  fileEncSha256: string;
  /** Absent: the message does not tell it. */
  bytes?: number;
  fileName?: string;
  seconds?: number;
  width?: number;
  height?: number;
  voice?: boolean;
  gif?: boolean;
  /** Round. */
  videoNote?: boolean;
  viewOnce?: boolean;
  animated?: boolean;
  waveform?: string;
  /** A JPEG. */
  thumbnail?: string;
}

/** The content of a message, in the words of the control API. */
export interface MessageDescription {
  type: string;
  /** The text, or the caption of a file. */
  text: string | null;
  media: MediaReference | null;
  /** The other fields of the type: target of a reaction, options of a poll, coordinates, … */
  details: Record<string, unknown>;
}

export const plain = (
  type: string,
  text: string | null,
  details: Record<string, unknown> = {},
): MessageDescription => ({ type, text, media: null, details });

/** Describes a reference to another message. */
export function describeKey(key: proto.IMessageKey | null | undefined) {
  return {
    id: key?.id ?? null,
    fromMe: key?.fromMe ?? false,
    chat: key?.remoteJid ?? null,
    participant: key?.participant ?? null,
  };
}

/** Describes the context of a message: quotes, mentions, forwards, the timer of disappearing messages. */
export function describeContext(context: proto.IContextInfo | null | undefined): Record<string, unknown> {
  const details: Record<string, unknown> = {};
  if (context?.stanzaId) {
    const { stanzaId: id, participant = null, quotedMessage: quoted } = context;
    const text = quoted?.conversation ?? quoted?.extendedTextMessage?.text ?? quoted?.imageMessage?.caption ?? null;
    details.quoted = { id, participant, text };
  }
  if (context?.expiration) details.expiresIn = context.expiration;
  if (context?.mentionedJid?.length) details.mentions = context.mentionedJid;
  if (context?.nonJidMentions) details.mentionsAll = true;
  if (context?.isForwarded) {
    details.forwarded = true;
    details.forwardingScore = context.forwardingScore ?? 0;
  }
  return details;
}
