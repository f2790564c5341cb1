import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, EVENTS, WEBHOOK_PAYLOADS, WEBHOOK_SCHEMAS } from './index.ts';

describe('the registry of events (MR-066)', () => {
  it.each(EVENT_TYPES)('the example of %s is what its schema promises', (type) => {
    expect(Value.Check(EVENTS[type].data, EVENTS[type].example)).toBe(true);
  });

  it.each(EVENT_TYPES)('a webhook payload of %s names the event and holds its data', (type) => {
    const { example: data } = EVENTS[type];
    const payload = { id: 'evt_1', event: type, timestamp: 1, sessionId: 's', seq: 1, epoch: 1, data, metadata: {} };
    const signed = { ...payload, signature: 'sha256=0' };
    expect(Value.Check(WEBHOOK_PAYLOADS[type], signed)).toBe(true);
    expect(Value.Check(WEBHOOK_PAYLOADS[type], { ...signed, event: 'another' })).toBe(false);
  });

  it('names the payloads as generated clients call their types', () => {
    expect(Object.keys(WEBHOOK_SCHEMAS)).toContain('SessionPasskeyRequiredEvent');
    expect(Object.keys(WEBHOOK_SCHEMAS)).toHaveLength(EVENT_TYPES.length);
  });
});
