import { describe, expect, it } from 'vitest';
import { refuseEndpoint } from './endpoint-address.ts';

describe('a webhook URL', () => {
  it.each(['https://example.com/hook', 'http://example.com:8080/', 'https://93.184.216.34/'])(
    '%s is accepted',
    (url) => {
      expect(refuseEndpoint(url, false)).toBeNull();
    },
  );

  it.each([
    'nonsense',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://user:pass@example.com/',
    'http://127.0.0.1/',
    'http://[::1]:80/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://localhost:3000/',
    'http://a.localhost/',
    'http://localhost./',
  ])('%s is refused', (url) => {
    expect(refuseEndpoint(url, false)).toMatch(/\.$/);
  });

  it('may be private where the operator allows it', () => {
    expect(refuseEndpoint('http://127.0.0.1:9/', true)).toBeNull();
    expect(refuseEndpoint('ftp://127.0.0.1/', true)).not.toBeNull();
  });
});
