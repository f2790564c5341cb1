import { ConfigError, readConfig } from '@wa-gate/kit';
import { describe, expect, it } from 'vitest';
import { ConfigSchema } from '../../config.ts';
import { networkSettings } from './network-settings.ts';

const settingsOf = (env: Record<string, string>) =>
  networkSettings(
    readConfig(ConfigSchema, {
      DATABASE_URL: 'postgresql://x',
      REDIS_URL: 'redis://x',
      WAG_MASTER_KEY: 'x',
      WORKER_AUTH_TOKEN: 'a token of sixteen or more',
      ...env,
    }),
  );

describe('the settings of the network', () => {
  it('are closed for headers of proxies and open for addresses, when nothing is said', () => {
    expect(settingsOf({})).toEqual({
      trustProxy: false,
      helmet: true,
      corsOrigins: [],
      requireHttps: false,
      basePath: '',
      allow: null,
      deny: null,
    });
  });

  it.each([
    ['true', [true, false, false]],
    ['1', [true, false, false]],
    ['2', [true, true, false]],
  ])('TRUST_PROXY=%s believes that many proxies, nearest first', (value, believed) => {
    const { trustProxy } = settingsOf({ TRUST_PROXY: value });
    if (typeof trustProxy !== 'function') throw new Error('It is no number of proxies.');
    expect([0, 1, 2].map((hop) => trustProxy('10.0.0.1', hop))).toEqual(believed);
  });

  it.each([
    ['false', false],
    ['0', false],
    ['10.0.0.0/8, 192.168.1.1', ['10.0.0.0/8', '192.168.1.1']],
  ])('TRUST_PROXY=%s is %j', (value, trustProxy) => {
    expect(settingsOf({ TRUST_PROXY: value }).trustProxy).toEqual(trustProxy);
  });

  it.each([
    [{ IP_ALLOW: '10.0.0.0/8,nowhere' }, 'IP_ALLOW: "nowhere"'],
    [{ IP_DENY: '10.0.0.0/33' }, 'IP_DENY: "10.0.0.0/33"'],
    [{ TRUST_PROXY: 'yes' }, 'TRUST_PROXY: "yes"'],
    [{ REQUIRE_HTTPS: 'true' }, 'REQUIRE_HTTPS needs TRUST_PROXY'],
    [{ BASE_PATH: '/api' }, 'BASE_PATH cannot begin with /api'],
    [{ BASE_PATH: '/wa/' }, 'BASE_PATH must match'],
    [{ BASE_PATH: 'wa' }, 'BASE_PATH must match'],
  ])('%j is refused at the start, by name', (env, message) => {
    expect(() => settingsOf(env as Record<string, string>)).toThrow(ConfigError);
    expect(() => settingsOf(env as Record<string, string>)).toThrow(message);
  });
});
