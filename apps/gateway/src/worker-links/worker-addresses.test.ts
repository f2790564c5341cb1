import type { LookupAddress } from 'node:dns';
import { ConfigError } from '@wa-gate/kit';
import { describe, expect, it } from 'vitest';
import { createWorkerAddresses, WorkerAddressError } from './worker-addresses.ts';

const DEFAULT = 'loopback,private';
const EVERYTHING = '0.0.0.0/0,::/0';
const normalize = (endpoint: string, list = DEFAULT) => createWorkerAddresses(list).normalize(endpoint);
const lookup = (hostname: string, list: string) =>
  new Promise<LookupAddress[]>((resolve, reject) => {
    createWorkerAddresses(list).lookup(hostname, { all: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses as unknown as LookupAddress[]),
    );
  });

describe('where workers may be (C11)', () => {
  it.each([
    'http://127.0.0.1:8001',
    'http://10.1.2.3',
    'http://172.16.0.9:1',
    'https://192.168.1.100:8001',
    'http://[::1]:8001',
    'http://[fd12::7]:8001',
    'http://worker-3.workers.svc:8001',
  ])('by default %s', (endpoint) => {
    expect(normalize(endpoint)).toBe(endpoint);
  });

  it.each([
    'http://169.254.169.254',
    'http://[fe80::1]:8001',
    'http://0.0.0.0:8001',
    'http://[::]:8001',
    'http://255.255.255.255',
    'http://224.0.0.1',
    'http://[ff02::1]',
    'http://[fd00:ec2::254]',
    'http://100.100.100.200',
    'http://168.63.129.16',
    // The same in other words.
    'http://2852039166',
    'http://0xa9.0xfe.0xa9.0xfe',
    'http://[::ffff:169.254.169.254]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[2002:a9fe:a9fe::1]',
  ])('never %s, whatever the list says', (endpoint) => {
    expect(() => normalize(endpoint, EVERYTHING)).toThrow(WorkerAddressError);
  });

  it.each(['http://203.0.113.45:8001', 'http://8.8.8.8', 'http://[2001:db8::1]', 'http://100.64.0.1'])(
    '%s only when it is listed',
    (endpoint) => {
      expect(() => normalize(endpoint)).toThrow(WorkerAddressError);
      expect(normalize(endpoint, EVERYTHING)).toBe(endpoint);
    },
  );

  it('is what the list says and nothing else', () => {
    expect(normalize('http://203.0.113.45:8001', '203.0.113.0/24')).toBe('http://203.0.113.45:8001');
    expect(() => normalize('http://127.0.0.1:8001', '203.0.113.0/24')).toThrow(WorkerAddressError);
    expect(() => normalize('http://127.0.0.1:8001', '')).toThrow(WorkerAddressError);
  });

  it.each(['10.0.0.0/33', 'workers.example.com', 'Private', '10.0.0'])('the list cannot have %s', (entry) => {
    expect(() => createWorkerAddresses(`loopback,${entry}`)).toThrow(ConfigError);
  });
});

describe('an endpoint', () => {
  it.each([
    ['HTTP://LocalHost:8001/', 'http://localhost:8001'],
    ['http://127.1:80', 'http://127.0.0.1'],
    ['http://0x7f000001:8001', 'http://127.0.0.1:8001'],
  ])('%s is stored as %s', (given, stored) => {
    expect(normalize(given)).toBe(stored);
  });

  it.each(['http://user:secret@127.0.0.1:8001', 'http://127.0.0.1:99999', 'http://[::1'])('cannot be %s', (given) => {
    expect(() => normalize(given)).toThrow(WorkerAddressError);
  });
});

describe('a name', () => {
  it('is resolved, and connected to what is allowed only', async () => {
    const addresses = await lookup('localhost', 'loopback');
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.every(({ address }) => ['127.0.0.1', '::1'].includes(address))).toBe(true);
    const four = await lookup('localhost', '127.0.0.0/8');
    expect(four.map(({ address }) => address)).toEqual(['127.0.0.1']);
  });

  it('that resolves to nothing allowed is refused', async () => {
    await expect(lookup('localhost', 'private')).rejects.toThrow(WorkerAddressError);
  });
});
