import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dashboard, dashboardPages, readDashboard, sendPage, wantsPage } from './dashboard-pages.ts';
import { errors } from './errors.ts';

const BASE = '/wa';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const SCRIPT = `console.log('${'x'.repeat(2_000)}');`;

let folder: string;
let dashboard: Dashboard;
let app: FastifyInstance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wa-gate-pages-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><base href="/" /><title>x</title>');
  await writeFile(join(folder, 'assets', 'main-abc.js'), SCRIPT);
  await writeFile(join(folder, 'assets', 'main-abc.js.br'), 'compressed');
  dashboard = readDashboard(folder, BASE)!;
  app = Fastify();
  app.decorate('basePath', BASE);
  await app.register(errors, {
    page: (request, reply) => (wantsPage(request) ? sendPage(reply, dashboard) : undefined),
  });
  await app.register(dashboardPages, { dashboard, basePath: BASE });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers });

describe('the pages of the dashboard (MR-058)', () => {
  it('are one page for every address that a browser asks for, which is not kept and knows its base path', async () => {
    for (const url of ['/chats', '/sessions/shop', '/nowhere']) {
      const { statusCode, headers, body } = await get(url, HTML);
      expect([statusCode, headers['cache-control']]).toEqual([200, 'no-store']);
      expect(body).toContain('<base href="/wa/" />');
    }
  });

  it('allow no inline script and no inline style', async () => {
    const { headers } = await get('/chats', HTML);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  it('are for browsers alone: others get the error, and other methods too', async () => {
    expect((await get('/chats')).json()).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    expect((await get('/chats', { accept: 'application/json' })).statusCode).toBe(404);
    expect((await app.inject({ method: 'POST', url: '/chats', headers: HTML })).statusCode).toBe(404);
  });

  it('have files that are kept for ever, compressed for those who take it', async () => {
    const plain = await get('/assets/main-abc.js');
    expect([plain.body, plain.headers['cache-control']]).toEqual([SCRIPT, 'public, max-age=31536000, immutable']);
    const small = await get('/assets/main-abc.js', { 'accept-encoding': 'br, gzip' });
    expect([small.body, small.headers['content-encoding']]).toEqual(['compressed', 'br']);
    expect((await get('/assets/../index.html')).statusCode).toBe(404);
    expect((await get('/assets/gone.js')).json()).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });

  it.each([
    ['/login.html', '/wa/login'],
    ['/dashboard.html', '/wa/'],
    ['/broadcast.html', '/wa/broadcasts'],
  ])('%s leads to %s', async (old, now) => {
    expect((await get(old)).headers.location).toBe(now);
  });

  it('are not there where nothing was built', () => {
    expect(readDashboard(join(folder, 'nothing'), BASE)).toBeUndefined();
  });
});
