import { describe, expect, it } from 'vitest';
import { createFleetProxies } from './fleet-proxies.ts';
import { ProxyFormatError, parseProxy, proxyAddress } from './proxy.ts';

describe('the URL of a proxy', () => {
  it.each([
    ['http://proxy.example:3128', { protocol: 'http', host: 'proxy.example', port: 3128 }],
    ['socks5://10.0.0.7', { protocol: 'socks5', host: '10.0.0.7', port: 1080 }],
    ['socks5h://[2001:db8::7]:9', { protocol: 'socks5', host: '2001:db8::7', port: 9 }],
    [
      'http://ann:p%40ss%3A@proxy.example/',
      { protocol: 'http', host: 'proxy.example', port: 80, username: 'ann', password: 'p@ss:' },
    ],
  ])('%s is read', (url, proxy) => expect(parseProxy(url)).toEqual(proxy));

  it('takes the credentials beside it first', () => {
    expect(parseProxy('http://a:b@h:1', { username: 'c', password: 'd' })).toMatchObject({
      username: 'c',
      password: 'd',
    });
  });

  it.each([
    '',
    'proxy:3128',
    'https://h:1',
    'socks4://h:1',
    'http://h:1/path',
    'http://:secret@h:1',
    'http://a%zz:b@h',
  ])('%j is refused, and not repeated', (url) => {
    expect(() => parseProxy(url)).toThrow(ProxyFormatError);
    expect(() => parseProxy(url)).not.toThrow(/secret/);
  });

  it('is shown without its credentials', () => {
    expect(proxyAddress(parseProxy('http://ann:secret@[2001:db8::7]:8080'))).toBe('http://[2001:db8::7]:8080');
  });
});

describe('the proxies of an installation', () => {
  const urls = ['http://a:1', 'socks5://b:2', 'http://c:3'];
  const ids = Array.from({ length: 300 }, (_, index) => `session-${index}`);

  it('are all used, and a session keeps its own', () => {
    const fleet = createFleetProxies(urls.join(', '));
    const hosts = ids.map((id) => fleet.of(id)?.host);
    expect(new Set(hosts).size).toBe(3);
    expect(createFleetProxies([...urls].reverse().join(',')).of('session-7')).toEqual(fleet.of('session-7'));
  });

  it('move the sessions of a proxy that leaves, and no others', () => {
    const before = createFleetProxies(urls.join(','));
    const after = createFleetProxies(urls.slice(1).join(','));
    for (const id of ids) if (before.of(id)?.host !== 'a') expect(after.of(id)).toEqual(before.of(id));
  });

  it('may be none, and a wrong one is named by its place', () => {
    expect(createFleetProxies('').of('session-1')).toBeUndefined();
    expect(() => createFleetProxies('http://a:1,ftp://u:secret@b')).toThrow(/^Proxy 2: Only proxies/);
  });
});
