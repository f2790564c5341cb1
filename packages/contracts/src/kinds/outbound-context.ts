import type { FileReference } from './files.ts';

/** What a message to send refers to, as the outbox stores it: the owner makes the context of the protobuf from it. */
export interface OutboundContext {
  /** The quoted message, as it was when the request was accepted. */
  quoted?: {
    messageId: string;
    waMessageId: string;
    /** Where it is. */
    chatJid: string;
    /** Who wrote it; `null`: the account itself. */
    fromJid: string | null;
    /** A name of `MESSAGE_TYPES`. */
    type: string;
    text: string | null;
  };
  /** Jids of people. */
  mentions?: string[];
  /** The album that it belongs to. */
  album?: { messageId: string; waMessageId: string };
  /** Everybody in the group is mentioned. */
  mentionsAll?: true;
  /** How often the message was forwarded, this time included. */
  forwardedCount?: number;
  /** Of a text: the preview of a link in it. */
  linkPreview?: {
    url: string;
    title: string;
    description?: string;
    /** JPEG, base64. */
    thumbnail?: string;
    /** A picture that is shown large. */
    picture?: FileReference;
    /** In its place: why it was left out, and when (ISO 8601). */
    pictureRefusal?: { code: string; message: string; at: string };
  };
  /** Of a status update: who sees it, fixed when it was accepted, so that every attempt goes to the same people. */
  status?: {
    /** Jids of people. */
    audience: string[];
    /** Of a text: 0xAARRGGBB. */
    background?: number;
    /** Of a text: a number of WhatsApp. */
    font?: number;
  };
  /** What its chat shows before it leaves. */
  typing?: { seconds: number; state: 'composing' | 'recording' };
}
