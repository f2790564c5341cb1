import {
  filesOf,
  KIND_NAMES,
  type KindName,
  kindOf,
  type OutboundRequest,
  storedContextOf,
  storedOf,
} from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';
import { FILE, UPLOADED } from '../testing/files.ts';
import { proto } from '../whatsapp/baileys.ts';
import { CODECS, READERS } from './codecs.ts';
import { readContext } from './context.ts';
import { buildMessage, decodeMessage, encodeMessage } from './outbound.ts';
import { readContent, unwrap } from './read-content.ts';

const secret = Buffer.alloc(32, 1);

/** An example as the outbox has it. */
function outboundOf(type: KindName, example: Record<string, unknown>): OutboundRequest {
  const request = structuredClone(example);
  for (const { holder, field, purpose } of filesOf(type, request)) {
    const { animated: _, ...still } = FILE;
    holder[field] = purpose === 'sticker' ? FILE : still;
  }
  return { type, ...request } as OutboundRequest;
}

/** What a received message cannot say: which file of ours it was, and what WhatsApp does not carry for its kind. */
function asReceived(outbound: OutboundRequest): ReturnType<typeof storedOf> {
  const { content, ...rest } = storedOf(outbound);
  if (!content) return rest;
  const carried = CARRIED[outbound.type];
  const fields = Object.entries(content).filter(([field]) => !carried || carried.includes(field));
  return { ...rest, content: Object.fromEntries(fields) };
}

const PICTURE = ['mimetype', 'size', 'width', 'height'];
const CARRIED: Partial<Record<KindName, string[]>> = {
  image: PICTURE,
  sticker: [...PICTURE, 'animated'],
  video: [...PICTURE, 'seconds', 'gif', 'videoNote'],
  audio: ['mimetype', 'size', 'seconds', 'voice'],
  document: ['mimetype', 'size', 'fileName'],
};

describe.each(KIND_NAMES)('the codec of %s', (type) => {
  const accepted = kindOf(type).examples.filter(({ refused }) => refused === undefined);

  it.each(accepted)('reads what it has built: $request', ({ request }) => {
    const outbound = outboundOf(type, request);
    const bytes = encodeMessage(buildMessage(outbound, secret, UPLOADED));
    expect(encodeMessage(buildMessage(outbound, secret, UPLOADED))).toEqual(bytes);
    const received = decodeMessage(bytes);
    expect(readContent(unwrap(received))).toEqual({ type, ...asReceived(outbound) });
    expect(readContext(received)).toEqual(storedContextOf(outbound, 'chat'));
  });

  it.each(accepted)('builds one of its own members, with the secret: $request', ({ request }) => {
    const message = buildMessage(outboundOf(type, request), secret, UPLOADED);
    expect(message.messageContextInfo?.messageSecret).toEqual(secret);
    const { messageContextInfo: _, ...rest } = unwrap(message);
    expect(CODECS[type].members).toEqual(expect.arrayContaining(Object.keys(rest)));
  });
});

it('each member of the protobuf belongs to one type', () => {
  const members = Object.values({ ...CODECS, ...READERS }).flatMap((reader) => reader.members);
  expect(members.filter((member, index) => members.indexOf(member) !== index)).toEqual([]);
});

it('the type that stands first in the tables counts when a message has members of several', () => {
  const both = proto.Message.fromObject({ imageMessage: { caption: 'c' }, conversation: 'hi' });
  expect(readContent(both)).toMatchObject({ type: 'text', text: 'hi' });
});

it('a request of a type that a later version has added is not built', () => {
  const later = { type: 'hologram' } as unknown as OutboundRequest;
  expect(() => buildMessage(later, secret)).toThrow('This version cannot send messages of type hologram.');
});
