import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@wa-gate/kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLinkPreviews, linkIn } from './link-previews.ts';
import { createPageClient, type PageClient } from './page-client.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const PICTURE = Buffer.from('a picture');
const PAGE = `<!doctype html><html><head><title>Not this one</title>
  <meta property="og:title" content="Two &amp; more 👋"><META NAME="description" CONTENT="what   it is
  about"><meta property="og:image" content="/picture.png"></head><body>…`;

let server: Server;
let base: string;
let asked: string[];
let client: PageClient;

beforeAll(async () => {
  server = createServer(({ url = '/' }, response) => {
    asked.push(url);
    const html = (status: number, body: string, headers = {}) =>
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(body);
    switch (url) {
      case '/page':
        return html(200, PAGE);
      case '/picture.png':
        return response.writeHead(200, { 'content-type': 'image/png' }).end(PICTURE);
      case '/moved':
        return html(302, '', { location: '/page' });
      case '/round':
        return html(302, '', { location: '/round' });
      case '/inside':
        return html(302, '', { location: 'http://169.254.169.254/latest/meta-data' });
      case '/plain':
        return html(200, '<title>Only &lt;this&gt;</title>');
      case '/untitled':
        return html(200, '<p>nothing');
      case '/endless':
        response.writeHead(200, { 'content-type': 'text/html' });
        response.write('<title>Early</title>');
        return response.write('x'.repeat(600 * 1_024));
      case '/file':
        return response.writeHead(200, { 'content-type': 'application/zip' }).end('PK');
      case '/silent':
        return undefined;
      default:
        return html(404, '');
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  client = createPageClient((address) => address === '127.0.0.1');
});
afterEach(() => client.close());

describe('an automatic preview (MR-011)', () => {
  it('has what the page says of itself, with a small picture, and is read once for many messages', async () => {
    const thumbnail = async (picture: Buffer) => Buffer.from(`small ${picture.toString()}`);
    const previews = createLinkPreviews({ client, logger, thumbnail });
    const text = `look (${base}/page).`;
    const preview = await previews.of(text, true, 'session-1');
    expect(preview).toEqual({
      url: `${base}/page`,
      title: 'Two & more 👋',
      description: 'what it is about',
      thumbnail: Buffer.from('small a picture').toString('base64'),
    });
    expect(await previews.of(text, true, 'session-1')).toEqual(preview);
    expect(asked).toEqual(['/page', '/picture.png']);
  });

  it.each([
    ['/moved', 'Two & more 👋'],
    ['/plain', 'Only <this>'],
    ['/endless', 'Early'],
  ])('of %s is "%s"', async (path, title) => {
    expect(await createLinkPreviews({ client, logger }).of(base + path, true, 'session-1')).toMatchObject({
      url: base + path,
      title,
    });
  });

  it.each(['/untitled', '/file', '/missing', '/round'])('of %s there is none', async (path) => {
    expect(await createLinkPreviews({ client, logger }).of(base + path, true, 'session-1')).toBeUndefined();
  });

  it('of a page that does not answer there is none after 4 seconds', async () => {
    const since = performance.now();
    expect(await createLinkPreviews({ client, logger }).of(`${base}/silent`, true, 'session-1')).toBeUndefined();
    expect(performance.now() - since).toBeLessThan(6_000);
  }, 10_000);

  it('reads nothing in our own network, by address, by name or by redirect', async () => {
    const guarded = createPageClient();
    const previews = createLinkPreviews({ client: guarded, logger });
    const { port } = server.address() as AddressInfo;
    for (const url of [
      base,
      `http://localhost:${port}/page`,
      `http://[::ffff:127.0.0.1]:${port}/page`,
      'http://2130706433/',
    ])
      expect(await previews.of(url, true, 'session-1')).toBeUndefined();
    expect(asked).toEqual([]);
    await guarded.close();
    const wanted = { types: /./, maxBytes: 1, signal: AbortSignal.timeout(3_000) };
    await expect(client.fetch(`${base}/inside`, wanted)).rejects.toThrow('169.254.169.254 is a private address');
  });
});

it.each([
  ['https://example.com/a?b=c#d', 'https://example.com/a?b=c#d'],
  ['see https://example.com/a.', 'https://example.com/a'],
  ['(https://example.com)!', 'https://example.com'],
  ['first http://a.example, then https://b.example', 'http://a.example'],
  ['no link, and example.com is none', undefined],
])('the link in "%s" (MR-011)', (text, link) => expect(linkIn(text)).toBe(link));
