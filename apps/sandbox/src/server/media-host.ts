import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { withOtherByte } from '../signal/media-crypto.ts';
import type { ServerBase } from './base.ts';

const MAX_UPLOAD_BYTES = 1 << 30;
/** Where files of channels lie, which are not encrypted. */
export const PLAIN_PREFIX = '/m1';

/**
 * Uploads and downloads of encrypted files, on the TLS listener. Requests do not name their client, so a fault on media
 * applies to the next request of any client.
 */
export class MediaHost {
  private readonly context: ServerBase;

  constructor(context: ServerBase) {
    this.context = context;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.serve(request, response).catch((error: unknown) => {
      this.context.log.debug({ err: error }, 'media request failed');
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = storedPath(request.url ?? '/');
    const direction = request.method === 'POST' ? 'from' : 'to';
    const slow = this.context.faults.takeAny('media-slow', (fault) => (fault.direction ?? direction) === direction);
    if (slow) await new Promise<void>((resolve) => this.context.scheduler.later(slow.ms ?? 3000, resolve));
    if (request.method === 'POST') await this.upload(request, response);
    else if (request.method === 'GET' || request.method === 'HEAD') await this.download(path, request, response);
    else response.writeHead(405).end();
  }

  /** Accepts any path, because clients use a different one per kind of file. */
  private async upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (Number(request.headers['content-length'] ?? 0) > MAX_UPLOAD_BYTES) {
      response.writeHead(413).end();
      return;
    }
    if (this.spoilUpload(request, response)) return;
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    const path = await this.context.media.receive(request);
    const announced = (request.url ?? '').split('?')[0]!.split('/').at(-1)!;
    const hashed = hash.digest();
    const found = hashed.toString('base64url');
    if (HASH.test(announced) && decodeURIComponent(announced).replace(/=+$/, '') !== found) {
      this.context.recorder.violation(null, 'upload-hash', `${announced} announced, ${found} sent`);
      refuse(response, 400, 'The bytes are not those whose hash is in the address.');
      return;
    }
    const url = new URL(request.url ?? '/', 'https://host');
    const isOfChannel = url.pathname.startsWith('/newsletter/');
    const directPath = `${isOfChannel ? PLAIN_PREFIX : ''}${path}?ccb=11-4&oh=sandbox&oe=0`;
    const host = request.headers.host ?? this.context.mediaHost;
    // The picture is its own preview.
    const preview = { thumbnail_direct_path: directPath, thumbnail_sha256: hashed.toString('base64') };
    const hasPreview = isOfChannel && url.searchParams.get('server_thumb_gen') === '1';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        url: `https://${host}${directPath}`,
        direct_path: directPath,
        handle: path,
        ...(hasPreview && { thumbnail_info: preview }),
      }),
    );
  }

  /** Takes an upload not, if a fault wants that: false, when none does. */
  private spoilUpload(request: IncomingMessage, response: ServerResponse): boolean {
    const { faults } = this.context;
    const refused = faults.takeAny('upload-refused');
    if (refused) {
      request.resume();
      request.once('end', () => refuse(response, refused.code ?? 500, 'As the fault wants it.'));
      return true;
    }
    if (faults.takeAny('upload-cut')) {
      request.once('data', () => request.destroy());
      return true;
    }
    // Neither read nor answered: the client must give up by itself.
    return faults.takeAny('upload-stalled') !== null;
  }

  private async download(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const size = await this.context.media.size(path);
    if (size === null) {
      response.writeHead(404).end();
      return;
    }
    const expired = this.context.faults.takeAny('media-expired');
    if (expired) {
      response.writeHead(expired.code ?? 410).end();
      return;
    }
    const range = parseRange(request.headers.range, size);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    if (request.method === 'GET' && (await this.spoil(path, size, response))) return;
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': end - start + 1,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    });
    const body = request.method === 'HEAD' ? null : this.context.media.stream(path, start, end);
    if (body) await pipeline(body, response);
    else response.end();
  }

  /** Answers a download wrongly, if a fault wants that: false, when none does. */
  private async spoil(path: string, size: number, response: ServerResponse): Promise<boolean> {
    const { faults, media } = this.context;
    const is = (kind: Parameters<typeof faults.takeAny>[0]) => faults.takeAny(kind) !== null;
    const half = size >> 1;
    if (is('media-truncated')) {
      response.writeHead(200, { 'content-length': half });
      await pipeline(media.stream(path, 0, half - 1)!, response);
    } else if (is('media-cut')) {
      await this.sendHalf(path, size, response);
      response.destroy();
    } else if (is('media-stalled')) {
      await this.sendHalf(path, size, response);
      // Nothing more comes: the client must give up by itself.
    } else if (is('media-flipped')) {
      response.writeHead(200, { 'content-length': size }).end(withOtherByte((await media.read(path))!));
    } else if (is('media-wrong')) {
      response.writeHead(200, { 'content-length': size }).end(randomBytes(size));
    } else {
      return false;
    }
    return true;
  }

  private async sendHalf(path: string, size: number, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-length': size });
    await pipeline(this.context.media.stream(path, 0, (size >> 1) - 1)!, response, { end: false });
  }
}

/** Where the store has the file of a direct path. */
export function storedPath(directPath: string): string {
  const path = directPath.split('?')[0]!;
  return path.startsWith(`${PLAIN_PREFIX}/`) ? path.slice(PLAIN_PREFIX.length) : path;
}

/** A SHA-256 in the alphabet of URLs. */
const HASH = /^[\w-]{43}(?:=|%3D)?$/;

function refuse(response: ServerResponse, code: number, error: string): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

/** One range of `Range: bytes=a-b`; null when there is none (several at once are served whole). */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
