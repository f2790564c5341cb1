import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import {
  EVENT_TYPES,
  EVENTS,
  LIVE_EVENT_TYPES,
  LIVE_EVENTS,
  LIVE_PAYLOADS,
  WEBHOOK_PAYLOADS,
  WEBHOOK_SCHEMAS,
  WORKER_EVENT_TYPES,
  WORKER_EVENTS,
  WORKER_PAYLOADS,
} from './index.ts';

describe('the registry of events (MR-066)', () => {
  it.each(EVENT_TYPES)('the example of %s is what its schema promises', (type) => {
    expect(EVENTS[type].keep).toBe('log');
    expect(Value.Check(EVENTS[type].data, EVENTS[type].example)).toBe(true);
  });

  it.each(EVENT_TYPES)('a webhook payload of %s names the event and holds its data', (type) => {
    const { example: data } = EVENTS[type];
    const payload = { id: 'evt_1', event: type, timestamp: 1, sessionId: 's', seq: 1, epoch: 1, data, metadata: {} };
    const signed = { ...payload, signature: 'sha256=0' };
    expect(Value.Check(WEBHOOK_PAYLOADS[type], signed)).toBe(true);
    expect(Value.Check(WEBHOOK_PAYLOADS[type], { ...signed, event: 'another' })).toBe(false);
  });

  it.each(LIVE_EVENT_TYPES)(
    '%s is not kept: its example is what streams promise, and it has no place in a log',
    (type) => {
      const { example: data, keep } = LIVE_EVENTS[type];
      const payload = { id: 'evt_1', event: type, timestamp: 1, sessionId: 's', seq: 0, epoch: 1, data, metadata: {} };
      expect([keep, Value.Check(LIVE_PAYLOADS[type], payload)]).toEqual(['stream', true]);
      expect(Value.Check(LIVE_PAYLOADS[type], { ...payload, seq: 1 })).toBe(false);
      expect(EVENT_TYPES).not.toContain(type);
    },
  );

  it.each(WORKER_EVENT_TYPES)(
    '%s is for administrators: its example is what they read, and no webhook has it',
    (type) => {
      const { example: data, keep } = WORKER_EVENTS[type];
      const payload = { id: 'evt_worker_1', event: type, timestamp: 1, workerId: 'worker-1', seq: 1, data };
      expect([keep, Value.Check(WORKER_PAYLOADS[type], payload)]).toEqual(['workers', true]);
      expect(Value.Check(WORKER_PAYLOADS[type], { ...payload, event: 'another' })).toBe(false);
      expect([...EVENT_TYPES, ...LIVE_EVENT_TYPES]).not.toContain(type);
    },
  );

  it('names the payloads as generated clients call their types', () => {
    expect(Object.keys(WEBHOOK_SCHEMAS)).toContain('SessionPasskeyRequiredEvent');
    expect(Object.keys(WEBHOOK_SCHEMAS)).toHaveLength(EVENT_TYPES.length);
  });
});
