import { describe, expect, it } from 'vitest';
import { canonicalNetwork, createAddressList } from './address-list.ts';

describe('a list of addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['203.0.113.7', '::ffff:203.0.113.7', true],
    ['::ffff:203.0.113.0/120', '203.0.113.9', true],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '10.0.0.1', false],
    ['0.0.0.0/0', '198.51.100.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['10.0.0.0/8', 'nonsense', false],
    ['10.0.0.0/8', '', false],
  ])('%s and %s: %s', (entry, address, isIn) => {
    expect(createAddressList([entry]).includes(address)).toBe(isIn);
  });

  it.each([
    [['10.0.0.0/8'], ['10.1.0.0/16', '10.2.3.4'], true],
    [['10.0.0.0/8'], ['10.1.0.0/16', '192.0.2.1'], false],
    [['10.1.0.0/16'], ['10.0.0.0/8'], false],
    [['10.0.0.0/8'], ['2001:db8::/32'], false],
    [['10.0.0.0/9', '10.128.0.0/9'], ['10.0.0.0/9'], true],
  ])('%j covers %j: %s', (outer, inner, covers) => {
    expect(createAddressList(outer).covers(createAddressList(inner))).toBe(covers);
  });
});

describe('an entry is written once and for all', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['10.1.2.3', '10.1.2.3'],
    ['2001:DB8:0::1/32', '2001:db8::/32'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
  ])('%s is %s', (entry, canonical) => {
    expect(canonicalNetwork(entry)).toBe(canonical);
  });

  it.each([
    '',
    '1',
    '10.1',
    '0x7f.1',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::1/129',
    'fe80::1%eth0',
    'host.example',
    '10.0.0.1 ',
  ])('%j is refused', (entry) => {
    expect(canonicalNetwork(entry)).toBeNull();
  });
});
