import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type System, startSystem } from '../harness/system.ts';

/** Files of 100 MB by every way, through a gateway of its own: its memory stays flat (MR-051). */
const MEGABYTE = 1_048_576;
const SIZE = 100 * MEGABYTE;
/** Above what the process needs when it is idle. */
const MOST_ABOVE_IDLE = 80 * MEGABYTE;

let system: System;
let key: string;
let gateway: string;
beforeAll(async () => {
  system = await startSystem({ workers: 0, env: { gateway: { MEDIA_URL_ALLOW_PRIVATE: 'true' } } });
  gateway = system.gateways[0]!.url;
  const email = 'uploads@example.test';
  const answer = await fetch(`${gateway}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: randomBytes(12).toString('hex') }),
  });
  key = ((await answer.json()) as { data: { apiKey: string } }).data.apiKey;
});
afterAll(() => system?.stop());
beforeEach((context) => context.onTestFailed(() => console.error(system.tails())));

const rss = (): number => {
  const status = readFileSync(`/proc/${system.gateways[0]!.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1_024;
};

/** The same piece over and over, with a beginning of its own, so that no upload has the bytes of another. */
function* pieces(seed: string): Generator<Buffer> {
  const piece = createHash('sha512').update(seed).digest();
  const block = Buffer.concat(Array.from({ length: MEGABYTE / piece.length }, () => piece));
  for (let n = 0; n < SIZE / MEGABYTE; n += 1) yield block;
}

type Way = 'multipart' | 'base64';

/** Sends a body as it comes, and gives the answer. */
async function upload(
  name: string,
  content: Iterable<Buffer>,
  size: number,
  way: Way,
): Promise<{ status: number; body: { data: { mediaId: string; size: number } } }> {
  const head =
    way === 'multipart'
      ? `--x\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n`
      : `{"fileName":"${name}","base64":"`;
  const tail = way === 'multipart' ? '\r\n--x--\r\n' : '"}';
  const length = way === 'multipart' ? size : Math.ceil(size / 3) * 4;
  const call = request(`${gateway}/api/media`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': way === 'multipart' ? 'multipart/form-data; boundary=x' : 'application/json',
      'content-length': head.length + length + tail.length,
    },
  });
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
  });
  const write = async (chunk: Buffer | string) => {
    if (!call.write(chunk)) await new Promise((resolve) => call.once('drain', resolve));
  };
  await write(head);
  let rest = Buffer.alloc(0);
  for (const piece of content) {
    if (way === 'multipart') await write(piece);
    else {
      const all = Buffer.concat([rest, piece]);
      const whole = all.length - (all.length % 3);
      rest = all.subarray(whole);
      await write(all.subarray(0, whole).toString('base64'));
    }
  }
  if (rest.length > 0) await write(rest.toString('base64'));
  call.end(tail);
  const { status, text } = await answered;
  return { status, body: JSON.parse(text) };
}

/** The most memory while something runs. */
async function mostWhile(work: () => Promise<void>): Promise<number> {
  let most = rss();
  const timer = setInterval(() => {
    most = Math.max(most, rss());
  }, 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}

test('100 MB by multipart, base64 and URL, and their download, need no more memory than small ones', async () => {
  const files = createServer((_request, response) => {
    response.setHeader('content-length', SIZE);
    void (async () => {
      for (const piece of pieces('url'))
        if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      response.end();
    })();
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  const ids: string[] = [];
  const ways: Record<string, () => Promise<void>> = {
    multipart: async () => {
      const { status, body } = await upload('a.bin', pieces('multipart'), SIZE, 'multipart');
      expect([status, body.data?.size]).toEqual([201, SIZE]);
      ids.push(body.data.mediaId);
    },
    base64: async () => {
      const { status, body } = await upload('b.bin', pieces('base64'), SIZE, 'base64');
      expect([status, body.data?.size]).toEqual([201, SIZE]);
    },
    url: async () => {
      const answer = await fetch(`${gateway}/api/media`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: `http://127.0.0.1:${(files.address() as AddressInfo).port}/c.bin` }),
      });
      expect(answer.status).toBe(201);
    },
    download: async () => {
      const answer = await fetch(`${gateway}/api/media/${ids[0]}/content`, {
        headers: { authorization: `Bearer ${key}` },
      });
      const hash = createHash('sha256');
      for await (const chunk of answer.body!) hash.update(chunk);
      const expected = createHash('sha256');
      for (const piece of pieces('multipart')) expected.update(piece);
      expect(hash.digest('hex')).toBe(expected.digest('hex'));
    },
  };
  const above: Record<string, number> = {};
  for (const [name, way] of Object.entries(ways)) {
    // A process of its own: memory that one way has used stays with the process for a while.
    await system.restart('gateway-1');
    // The first upload loads what reads files.
    await upload('warm-up.txt', [Buffer.from(name)], name.length, 'multipart');
    const idle = rss();
    above[name] = Math.round(((await mostWhile(way)) - idle) / MEGABYTE);
  }
  files.close();
  console.log('MB above idle:', above);
  for (const [name, megabytes] of Object.entries(above))
    expect(megabytes, name).toBeLessThan(MOST_ABOVE_IDLE / MEGABYTE);
}, 120_000);
