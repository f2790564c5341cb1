import { expect, it } from 'vitest';
import { createDeviceCache } from './baileys-caches.ts';

const devices = [{ user: '1555', server: 's.whatsapp.net', device: 0 }];

it('keeps a device list far beyond five minutes and lets go of it after a day', async () => {
  let now = 0;
  const cache = createDeviceCache({ now: () => now });
  cache.mset([{ key: '1555', value: devices }]);
  now = 23 * 3_600_000;
  expect(await cache.mget(['1555', '1666'])).toEqual({ 1555: devices, 1666: undefined });
  now = 25 * 3_600_000;
  expect(await cache.get('1555')).toBeUndefined();
});

it('drops and edits entries as a devices notification asks', async () => {
  const cache = createDeviceCache();
  await cache.set('1555', devices);
  await cache.set('1666', devices);
  await cache.del('1555');
  cache.mdel(['1666']);
  expect(await cache.mget(['1555', '1666'])).toEqual({ 1555: undefined, 1666: undefined });
});
