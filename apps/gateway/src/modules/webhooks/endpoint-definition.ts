import type { CreateWebhookRequest, UpdateWebhookRequest } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { CHANNEL, parseRecipient } from '../../http/recipient.ts';
import type { HttpConfiguration } from './sealed-parts.ts';

/** A token of RFC 9110. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** What every proxy and server passes on as it is. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;
/** The request needs them itself, or they are about one connection and not about the request. */
const REFUSED_HEADERS = new Set(
  `host content-length content-type content-encoding transfer-encoding connection keep-alive te trailer upgrade expect
  user-agent date traceparent tracestate baggage proxy-authorization proxy-authenticate proxy-connection`.split(/\s+/),
);
const REFUSED_PREFIXES = ['webhook-', 'x-webhook-', 'x-hub-signature', 'proxy-', 'sec-'];

const MAX_METADATA_BYTES = 4_096;
/** Chats that no message can be sent to, beside channels. */
const BROADCAST = /^(?:status|\d{5,32})@broadcast$/;

/**
 * Names and values that can be sent without changing what the request is.
 *
 * @throws {ApiError} WEBHOOK_HEADER_REFUSED
 */
export function assertHeaders({ headers, basicAuth }: HttpConfiguration): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase();
    const why = refuseHeader(name, lower, value) ?? (seen.has(lower) ? 'It is there twice.' : undefined);
    if (why) refuse(name, why);
    if (lower === 'authorization' && basicAuth) refuse(name, '`basicAuth` sets it too: give one of them.');
    seen.add(lower);
  }
}

function refuseHeader(name: string, lower: string, value: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'This is not the name of a header.';
  if (REFUSED_HEADERS.has(lower) || REFUSED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return 'The request sets it itself, or it is about the connection. Use a name of your own.';
  }
  return HEADER_VALUE.test(value) ? undefined : 'Its value may have printable ASCII characters only.';
}

function refuse(name: string, why: string): never {
  throw new ApiError('WEBHOOK_HEADER_REFUSED', {
    message: `The header ${JSON.stringify(name.slice(0, 100))} is refused. ${why}`,
    details: { header: name.slice(0, 100) },
  });
}

/**
 * The jid of a chat that is filtered by.
 *
 * @throws {ApiError} INVALID_RECIPIENT
 */
function chatJid(given: string): string {
  const text = given.trim();
  return CHANNEL.test(text) || BROADCAST.test(text) ? text : parseRecipient(text);
}

export const chatJids = (chats: readonly string[]): string[] => [...new Set(chats.map(chatJid))];

/** @throws {ApiError} VALIDATION */
export function assertMetadata({ metadata }: Pick<CreateWebhookRequest | UpdateWebhookRequest, 'metadata'>): void {
  if (!metadata) return;
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes <= MAX_METADATA_BYTES) return;
  throw new ApiError('VALIDATION', {
    message: `\`metadata\` is in every body, and may have ${MAX_METADATA_BYTES} bytes as JSON; this has ${bytes}.`,
    details: { limitBytes: MAX_METADATA_BYTES },
  });
}
