import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { MESSAGE_TYPES } from '../message-types.ts';
import { DEFAULT_KIND, SEND_REQUESTS } from '../send-requests.ts';
import {
  type FileReference,
  filesOf,
  KIND_NAMES,
  type KindName,
  kindOf,
  type OutboundRequest,
  storedOf,
} from './index.ts';
import { defineKind } from './kind.ts';

/** Names in use: members of every request, of the outbox row, and of what an idempotency key covers. */
const TAKEN = ['to', 'type', 'chatJid', 'clientMessageId', 'onUncertain', 'metadata', 'sessionId'];

const FILE: FileReference = {
  mediaId: '01a1fe67-6a41-7c1d-9a6b-53c1f0a8b2d4',
  storageKey: 'w/abc',
  sha256: Buffer.alloc(32).toString('base64'),
  size: 70_000,
  mimetype: 'application/pdf',
  fileName: 'report.pdf',
  seconds: 3,
  width: 640,
  height: 480,
  animated: true,
};

/** An example as the outbox has it. */
function outboundOf(type: KindName, example: Record<string, unknown>): OutboundRequest {
  const request = structuredClone(example);
  for (const { holder, field } of filesOf(type, request)) holder[field] = FILE;
  return { type, ...request } as OutboundRequest;
}

describe.each(KIND_NAMES)('the kind %s', (name) => {
  const { request, aliases = {}, content, examples } = kindOf(name);
  const accepted = examples.filter(({ refused }) => refused === undefined);
  const refused = examples.filter((example) => example.refused !== undefined);

  it('has examples that its own schema takes, and one that is refused', () => {
    for (const example of accepted) {
      expect(Value.Check(Type.Object(request, { additionalProperties: false }), example.request)).toBe(true);
      expect([kindOf(name).refusal?.(example.request), kindOf(name).unsupported?.(example.request)]).toEqual([
        undefined,
        undefined,
      ]);
      expect(Value.Check(SEND_REQUESTS[name], { to: '6281234567890', type: name, ...example.request })).toBe(true);
    }
    expect(refused).not.toHaveLength(0);
  });

  it('stores content of its own shape', () => {
    for (const example of accepted) {
      const stored = storedOf(outboundOf(name, example.request));
      expect(stored.text ?? stored.content).toBeDefined();
      if (stored.content)
        expect(Value.Check(Type.Object(content, { additionalProperties: false }), stored.content)).toBe(true);
    }
  });

  it('names the purpose of each of its files', () => {
    for (const { request: fields } of accepted) {
      const places = filesOf(name, structuredClone(fields) as Record<string, unknown>);
      const found = JSON.stringify(fields).match(/"media":/g) ?? [];
      expect(places.map(({ path }) => path)).toHaveLength(found.length);
    }
  });

  it('has no field that is called as one of all kinds', () => {
    expect([...Object.keys(request), ...Object.values(aliases)].filter((field) => TAKEN.includes(field!))).toEqual([]);
  });

  it(name === DEFAULT_KIND ? 'is meant by a request without a type' : 'is named by its request', () => {
    expect(SEND_REQUESTS[name].required?.includes('type')).toBe(name !== DEFAULT_KIND);
  });
});

it.each([
  ['video', { gif: true, videoNote: true }, 'Give `gif` or `videoNote`, not both.'],
  ['video', { gif: true, viewOnce: true }, 'A GIF cannot be viewed once'],
  ['video', { videoNote: true, caption: 'a' }, 'Phones show no caption with a video note'],
  ['audio', { viewOnce: true }, 'voice notes alone can be heard once'],
] as const)('%s refuses %j with a sentence', (name, fields, sentence) => {
  const media = { url: 'https://example.com/file' };
  expect(kindOf(name).refusal?.({ media, ...fields })).toContain(sentence);
  expect(kindOf(name).refusal?.({ media })).toBeUndefined();
});

it('each type of message is listed once: a kind that can be sent is none that only comes', () => {
  expect(MESSAGE_TYPES.filter((type, index) => MESSAGE_TYPES.indexOf(type) !== index)).toEqual([]);
});

it('a kind without an example does not compile', () => {
  const rest = { summary: 'A toy.', request: {}, content: {}, stored: () => ({}) };
  // @ts-expect-error no examples
  expect(defineKind(rest)).toBeDefined();
  // @ts-expect-error no example
  expect(defineKind({ ...rest, examples: [] })).toBeDefined();
  // @ts-expect-error the first one must be one that is taken
  expect(defineKind({ ...rest, examples: [{ request: {}, refused: 'VALIDATION' }] })).toBeDefined();
});
