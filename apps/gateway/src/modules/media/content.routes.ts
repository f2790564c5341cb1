import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ContentQuerySchema, MediaParamsSchema, SignedContentQuerySchema } from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { Type } from 'typebox';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { reachOf } from '../sessions/index.ts';
import { dispositionOf } from './intake/file-names.ts';
import type { MediaContent, MediaService } from './media.service.ts';

export interface ContentRoutesOptions {
  media: MediaService;
  guards: Guards;
}

const tags = ['Media'];
const UNKNOWN_TYPE = 'application/octet-stream';
const bytes = (description: string) => ({
  description,
  content: { '*/*': { schema: Type.Unsafe<never>({ type: 'string', format: 'binary' }) } },
});
const nothing = (description: string) => Type.Unsafe<never>({ type: 'null', description });
const CONTENT_ANSWERS = {
  200: bytes('The bytes. `HEAD` gives the same headers without them.'),
  206: bytes('The part that `Range` asks for.'),
  304: nothing('`If-None-Match` has the ETag of the file.'),
  416: nothing('`Range` begins behind the end of the file; `Content-Range` has its length.'),
};

/**
 * Bytes of strangers, shown to people: a browser takes them for what they are and for nothing else, and runs nothing in
 * them.
 */
function protect(reply: FastifyReply): void {
  reply
    .header('x-content-type-options', 'nosniff')
    .header(
      'content-security-policy',
      "default-src 'none'; sandbox; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'",
    )
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('referrer-policy', 'no-referrer');
}

/** One range; the parser takes what is none for one behind the end. */
const RANGE = /^bytes=\s*(?:\d+\s*-\s*\d*|-\s*\d+)\s*$/;

/** `undefined`: all of it. */
type AskedRange = { start: number; end: number } | 'unsatisfiable' | undefined;

/** The range of a request. Several ranges, and what is no range, get the whole file, as the standard allows. */
function rangeOf({ headers }: FastifyRequest, size: number, etag: string): AskedRange {
  const { range, 'if-range': condition } = headers;
  if (range === undefined || !RANGE.test(range) || (condition !== undefined && condition !== etag)) return undefined;
  const ranges = parseRange(size, range);
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

function isKnown(given: string | undefined, etag: string): boolean {
  const tags = given?.split(',').map((tag) => tag.trim()) ?? [];
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  content: MediaContent,
  isDownload: boolean,
): Promise<FastifyReply> {
  const { size, sha256, mimetype, fileName, createdAt } = content.record;
  const type = mimetype ?? UNKNOWN_TYPE;
  const etag = `"${sha256.toString('base64url')}"`;
  protect(reply);
  reply
    .header('etag', etag)
    .header('accept-ranges', 'bytes')
    .header('last-modified', createdAt.toUTCString())
    .header('cache-control', 'private, max-age=3600')
    .header('content-disposition', dispositionOf(type, fileName, isDownload));
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();

  const range = rangeOf(request, size, etag);
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${size}`).send();
  reply.header('content-type', type).header('content-length', range ? range.end - range.start + 1 : size);
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
  // Fastify reads the body of an answer to HEAD to its end, and drops it.
  if (request.method === 'HEAD') return reply.send(Readable.from([]));
  const bytesOfFile = await content.open(range);
  // A caller that hangs up in the middle ends the reading too.
  reply.raw.on('close', () => bytesOfFile.destroy());
  return reply.send(bytesOfFile);
}

/** The bytes of files. */
export const contentRoutes: FastifyPluginAsyncTypebox<ContentRoutesOptions> = async (app, { media, guards }) => {
  app.get(
    '/media/:id/content',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.view', takesQueryKey: true }),
      schema: {
        tags,
        operationId: 'media.content',
        summary: 'The bytes of a file',
        description: [
          'With `Range`, `If-Range`, `If-None-Match` and `HEAD`. The name of the file is in `Content-Disposition`. Browsers may show pictures, audio, video and',
          'PDF; everything else, and everything with `?download=true`, they save.',
        ].join(' '),
        params: MediaParamsSchema,
        querystring: ContentQuerySchema,
        response: {
          ...CONTENT_ANSWERS,
          ...errorResponses('UNAUTHENTICATED', 'MEDIA_NOT_FOUND', 'MEDIA_NOT_READY', 'MEDIA_EXPIRED'),
        },
      },
    },
    async (request, reply) => {
      const content = await media.content(reachOf(principalOf(request)), request.params.id);
      return await answer(request, reply, content, request.query.download ?? false);
    },
  );

  app.get(
    '/media/:id/file',
    {
      onRequest: guards({ audience: 'public' }),
      schema: {
        tags,
        operationId: 'media.signedContent',
        summary: 'The bytes of a file, by a signed URL',
        description: 'The URL is made by POST /api/media/{id}/url. It answers as /content does.',
        params: MediaParamsSchema,
        querystring: SignedContentQuerySchema,
        response: {
          ...CONTENT_ANSWERS,
          ...errorResponses('FORBIDDEN', 'MEDIA_NOT_FOUND', 'MEDIA_NOT_READY', 'MEDIA_EXPIRED'),
        },
        security: [],
      },
    },
    async (request, reply) => {
      const { expires, signature, download = false } = request.query;
      return await answer(request, reply, await media.signedContent(request.params.id, expires, signature), download);
    },
  );
};
