import { describe, expect, test } from 'vitest';
import { SandboxError } from '../errors.ts';
import { Faults, meansStanza } from './faults.ts';

describe('faults', () => {
  test('apply as often as requested, then are gone', () => {
    const faults = new Faults();
    faults.add({ kind: 'drop', device: '15550001:1', count: 2 });
    expect([1, 2, 3].map(() => faults.take('drop', '15550001:1') !== null)).toEqual([true, true, false]);
    expect(faults.idle).toBe(true);
  });

  test('a device means that device, a phone all its devices, no target everybody', () => {
    const faults = new Faults();
    faults.add({ kind: 'ban', device: '15550001:1' });
    faults.add({ kind: 'nack', phone: '15550002', count: 9 });
    faults.add({ kind: 'drop', count: 9 });
    expect(faults.find('ban', '15550001:2')).toBeNull();
    expect(faults.find('nack', '15550002:7')).not.toBeNull();
    expect(faults.find('nack', '15550003:7')).toBeNull();
    expect(faults.find('drop', '15550009:1')).not.toBeNull();
  });

  test('some last until they are cancelled', () => {
    const faults = new Faults();
    const { id } = faults.add({ kind: 'ban', phone: '15550001' });
    for (let i = 0; i < 10; i++) expect(faults.take('ban', '15550001:1')).not.toBeNull();
    expect(faults.cancel(id).hits).toBe(10);
    expect(faults.take('ban', '15550001:1')).toBeNull();
    expect(() => faults.cancel(id)).toThrow(SandboxError);
  });

  test('what happens at once does not wait', () => {
    const faults = new Faults();
    expect(faults.add({ kind: 'cut', device: '15550001:1' }).remaining).toBe(0);
    expect(faults.list()).toEqual([]);
  });

  test('a time-lock ends in an hour unless it says when', () => {
    const faults = new Faults();
    const soon = Date.now() / 1000 + 3590;
    expect(faults.add({ kind: 'time-lock' }).timeEnforcementEnds).toBeGreaterThan(soon);
    expect(faults.add({ kind: 'time-lock', timeEnforcementEnds: 5 }).timeEnforcementEnds).toBe(5);
  });

  test('stanza faults mean messages to the companion unless they say otherwise', () => {
    const faults = new Faults();
    const plain = faults.add({ kind: 'drop' });
    const acks = faults.add({ kind: 'drop', stanza: 'ack', direction: 'from' });
    const any = faults.add({ kind: 'drop', stanza: 'any' });
    expect([
      meansStanza(plain, 'to', 'message'),
      meansStanza(plain, 'from', 'message'),
      meansStanza(plain, 'to', 'ack'),
    ]).toEqual([true, false, false]);
    expect([meansStanza(acks, 'from', 'ack'), meansStanza(acks, 'to', 'ack')]).toEqual([true, false]);
    expect(meansStanza(any, 'to', 'notification')).toBe(true);
  });
});
