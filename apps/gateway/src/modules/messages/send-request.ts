import {
  DEFAULT_KIND,
  KIND_NAMES,
  type KindName,
  kindOf,
  type OutboundRequest,
  type SendRequest,
} from '@wa-gate/contracts';
import { hashRequest } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';

/** What is sent for a request: its kind and the fields of that kind, each under its own name. */
export function outboundOf(body: SendRequest): OutboundRequest {
  const { type = DEFAULT_KIND } = body;
  const { request, aliases = {}, files = [], refusal, unsupported } = kindOf(type);
  const hasUrl = files.some(({ list }) => list === undefined);
  const read = (field: string) => (hasUrl && field === 'media' ? mediaOf(body) : givenFor(body, field, aliases[field]));
  const fields = Object.keys(request).map((field) => [field, read(field)] as const);
  const given = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  const sentence = refusal?.(given);
  if (sentence) throw new ApiError('VALIDATION', { message: `The request is not valid. ${sentence}` });
  const reason = unsupported?.(given);
  if (reason) throw new ApiError('ENGINE_UNSUPPORTED', { message: reason });
  // The schema of the kind has seen the body.
  return { type, ...given } as OutboundRequest;
}

/** A field under whichever of its names it came. */
function givenFor(body: SendRequest, field: string, other: string | undefined): unknown {
  if (other === undefined) return body[field];
  const values = [body[other], body[field]].filter((value) => value !== undefined);
  if (values.length === 0)
    throw new ApiError('VALIDATION', { message: `The request is not valid: body needs \`${other}\`.` });
  if (values.length === 2 && values[0] !== values[1])
    throw new ApiError('VALIDATION', { message: `Give \`${other}\` or \`${field}\`, not two different ones.` });
  return values[0];
}

/** The file of a request, which may be given as its URL alone. */
function mediaOf({ media, mediaUrl }: SendRequest): unknown {
  if (media !== undefined && mediaUrl !== undefined)
    throw new ApiError('VALIDATION', { message: 'Give `media` or `mediaUrl`, not both.' });
  if (media === undefined && mediaUrl === undefined)
    throw new ApiError('VALIDATION', { message: 'The request is not valid: body needs `media` or `mediaUrl`.' });
  return media ?? { url: mediaUrl };
}

/** Of all that makes two requests the same. It is compared with hashes of older versions for as long as keys live. */
export function requestHashOf(
  body: SendRequest,
  chatJid: string,
  request: OutboundRequest,
  forwardOf?: string,
): Buffer {
  const { clientMessageId, metadata, onUncertain = 'resend', replyTo, mentions } = body;
  // Absent in requests of older versions.
  const { mentionAll, typing, waMessageId, linkPreview, priority, scheduledAt, timeZone, expiresAt, status } = body;
  // The quoted message may say something else by now, and the request is still the same.
  const { context: _, ...fields } = request;
  const options = {
    metadata,
    onUncertain,
    clientMessageId,
    replyTo,
    mentions,
    mentionAll,
    typing,
    waMessageId,
    linkPreview,
    priority,
    scheduledAt,
    timeZone,
    expiresAt,
    status,
  };
  return hashRequest({ ...fields, chatJid, ...options, forwardOf });
}

/** Refuses what is for one person in any other chat. @throws {ApiError} INVALID_RECIPIENT */
export function refuseForMany(chatJid: string, { type = DEFAULT_KIND }: Pick<SendRequest, 'type'>): void {
  const isPerson = chatJid.endsWith('@s.whatsapp.net') || chatJid.endsWith('@lid');
  if (isPerson || !kindOf(type).isPersonal) return;
  throw new ApiError('INVALID_RECIPIENT', {
    message: `A message of type \`${type}\` is for the person whom it names: send it to that person alone.`,
  });
}

/** Checked before the schema: a type that exists but cannot be sent yet has its own sentence. */
export function refuseUnsupportedType(body: unknown): void {
  const type = (body as { type?: unknown } | null | undefined)?.type;
  if (typeof type !== 'string' || isKind(type)) return;
  const supported = KIND_NAMES.map((name) => `"${name}"`);
  throw new ApiError('MESSAGE_TYPE_UNSUPPORTED', {
    message: `Messages of type "${type.slice(0, 40)}" are not yet supported. Send type ${supported.join(' or ')}.`,
    details: { supported: KIND_NAMES },
  });
}

export const isKind = (type: unknown): type is KindName => (KIND_NAMES as readonly unknown[]).includes(type);
