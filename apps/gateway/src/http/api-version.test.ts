import { expect, it } from 'vitest';
import { withoutVersion } from './api-version.ts';

it.each([
  ['/api/v1', '/api'],
  ['/api/v1/', '/api/'],
  ['/api/v1?page=2', '/api?page=2'],
  ['/api/v1/sessions', '/api/sessions'],
  ['/api/v1/sessions/a%2Fb/qr?format=png&x=/api/v1/', '/api/sessions/a%2Fb/qr?format=png&x=/api/v1/'],
  ['/%61pi/v1/sessions', '/api/sessions'],
  ['/api/%761/health', '/api/health'],
  ['/api/v1/v1/sessions', '/api/v1/sessions'],
  ['/api/v1//sessions', '/api//sessions'],
  ['http://host.example:8000/api/v1/health?x', '/api/health?x'],
])('%s is %s', (given, known) => {
  expect(withoutVersion(given)).toBe(known);
});

it.each([
  '/',
  '/api',
  '/api/sessions',
  '/api/v10/sessions',
  '/api/v1x',
  '/api/v1;x/sessions',
  '/api/V1/sessions',
  '/API/v1/sessions',
  '/apis/v1/sessions',
  '//api/v1/sessions',
  '/api//v1/sessions',
  '/api%2Fv1/sessions',
  '/api/v1%2Fsessions',
  '/api%2fv1',
  '/api/%',
  '/%zz/v1/sessions',
  '/docs?next=/api/v1/sessions',
  '/api?v1',
  '/api/sessions/v1',
  '/v1/sessions',
  'http://host.example/api/v2/v1',
  '*',
  '',
])('%j is no other name of anything', (given) => {
  expect(withoutVersion(given)).toBe(given);
});
