import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { MESSAGE_TYPES } from '../message-types.ts';
import { DEFAULT_KIND, SEND_REQUESTS } from '../send-requests.ts';
import { KIND_NAMES, kindOf, type OutboundRequest, storedOf } from './index.ts';
import { defineKind } from './kind.ts';

/** Names in use: members of every request, of the outbox row, and of what an idempotency key covers. */
const TAKEN = ['to', 'type', 'chatJid', 'clientMessageId', 'onUncertain', 'metadata', 'sessionId'];

describe.each(KIND_NAMES)('the kind %s', (name) => {
  const { request, aliases = {}, content, examples } = kindOf(name);
  const accepted = examples.filter(({ refused }) => refused === undefined);
  const refused = examples.filter((example) => example.refused !== undefined);

  it('has examples that its own schema takes, and one that is refused', () => {
    for (const example of accepted) {
      expect(Value.Check(Type.Object(request, { additionalProperties: false }), example.request)).toBe(true);
      expect(Value.Check(SEND_REQUESTS[name], { to: '6281234567890', type: name, ...example.request })).toBe(true);
    }
    expect(refused).not.toHaveLength(0);
  });

  it('stores content of its own shape', () => {
    for (const example of accepted) {
      const stored = storedOf({ type: name, ...example.request } as OutboundRequest);
      expect(stored.text ?? stored.content).toBeDefined();
      if (stored.content)
        expect(Value.Check(Type.Object(content, { additionalProperties: false }), stored.content)).toBe(true);
    }
  });

  it('has no field that is called as one of all kinds', () => {
    expect([...Object.keys(request), ...Object.values(aliases)].filter((field) => TAKEN.includes(field!))).toEqual([]);
  });

  it(name === DEFAULT_KIND ? 'is meant by a request without a type' : 'is named by its request', () => {
    expect(SEND_REQUESTS[name].required?.includes('type')).toBe(name !== DEFAULT_KIND);
  });
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
