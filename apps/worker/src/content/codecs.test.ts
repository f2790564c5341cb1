import { KIND_NAMES, kindOf, type OutboundRequest, storedOf } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';
import { proto } from '../whatsapp/baileys.ts';
import { CODECS, READERS } from './codecs.ts';
import { buildMessage, decodeMessage, encodeMessage } from './outbound.ts';
import { readContent } from './read-content.ts';

const secret = Buffer.alloc(32, 1);

describe.each(KIND_NAMES)('the codec of %s', (type) => {
  const accepted = kindOf(type).examples.filter(({ refused }) => refused === undefined);

  it.each(accepted)('reads what it has built: $request', ({ request }) => {
    const outbound = { type, ...request } as OutboundRequest;
    const bytes = encodeMessage(buildMessage(outbound, secret));
    if (CODECS[type].isReproducible ?? true) expect(encodeMessage(buildMessage(outbound, secret))).toEqual(bytes);
    expect(readContent(decodeMessage(bytes))).toEqual({ type, ...storedOf(outbound) });
  });

  it.each(accepted)('builds one of its own members, with the secret: $request', ({ request }) => {
    const { messageContextInfo, ...rest } = buildMessage({ type, ...request } as OutboundRequest, secret);
    expect(messageContextInfo?.messageSecret).toEqual(secret);
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
