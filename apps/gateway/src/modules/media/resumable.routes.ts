import type { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  FILE_NAME_MAX,
  MediaParamsSchema,
  type ResumableUpload,
  ResumableUploadSchema,
  success,
} from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { reachOf } from '../sessions/index.ts';
import { cleanFileName } from './intake/file-names.ts';
import { INTAKE_ERRORS } from './intake-errors.ts';
import type { ResumableUploads } from './resumable-uploads.ts';

export interface ResumableRoutesOptions {
  resumableUploads: ResumableUploads;
  basePath: string;
  guards: Guards;
}

const tags = ['Media'];
const TUS_VERSION = '1.0.0';
const PART_TYPE = 'application/offset+octet-stream';

const bytesHeader = (description: string) =>
  Type.String({ pattern: '^[0-9]{1,15}$', description, examples: ['1048576'] });

function showState(reply: FastifyReply, { offset, length, expiresAt }: ResumableUpload): void {
  reply
    .header('tus-resumable', TUS_VERSION)
    .header('upload-offset', offset)
    .header('upload-length', length)
    .header('upload-expires', new Date(expiresAt).toUTCString())
    .header('cache-control', 'no-store');
}

/** The header `Upload-Metadata`: names, and values in base64. */
function metadataOf(header: string | undefined): { fileName?: string; mimetype?: string } {
  const entries = (header ?? '')
    .split(',')
    .map((entry) => entry.trim().split(' '))
    .map(([name = '', value = '']): [string, string] => [name.toLowerCase(), Buffer.from(value, 'base64').toString()]);
  const metadata = new Map(entries);
  const fileName = cleanFileName(metadata.get('filename') ?? metadata.get('name') ?? '');
  const mimetype = metadata.get('filetype') ?? metadata.get('type') ?? '';
  return {
    ...(fileName !== undefined && { fileName: fileName.slice(0, FILE_NAME_MAX) }),
    ...(/^[\w.+-]+\/[\w.+-]+$/.test(mimetype) && { mimetype }),
  };
}

/** Uploads that survive a broken line: the tus protocol 1.0.0 with creation, expiration and termination. */
export const resumableRoutes: FastifyPluginAsyncTypebox<ResumableRoutesOptions> = async (app, options) => {
  const { resumableUploads: uploads, basePath, guards } = options;
  const reach = (request: FastifyRequest) => reachOf(principalOf(request));

  app.post(
    '/media/uploads',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.upload' }),
      schema: {
        tags,
        operationId: 'media.createUpload',
        summary: 'Begin an upload in parts',
        description: [
          'The tus protocol 1.0.0 (https://tus.io), for large files and bad lines: any of its clients works. The upload is at `Location`; PATCH sends bytes',
          'there, HEAD tells how many have come. When all are there, it is a file under the same id. It is kept for 24 hours after its last part.',
        ].join(' '),
        headers: Type.Object({
          'upload-length': bytesHeader('Bytes of the whole file.'),
          'upload-metadata': Type.Optional(
            Type.String({
              maxLength: 4_096,
              description: '`filename` and `filetype`, each followed by its value in base64, separated by commas.',
              examples: ['filename aW52b2ljZS5wZGY=,filetype YXBwbGljYXRpb24vcGRm'],
            }),
          ),
        }),
        response: {
          201: success(ResumableUploadSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'MEDIA_TOO_LARGE', 'MEDIA_QUOTA', 'MEDIA_EMPTY'),
        },
      },
    },
    async (request, reply) => {
      const { 'upload-length': length, 'upload-metadata': metadata } = request.headers;
      const state = await uploads.create(reach(request), { length: Number(length), ...metadataOf(metadata) });
      showState(reply, state);
      return reply.code(201).header('location', `${basePath}/api/media/uploads/${state.uploadId}`).send(ok(state));
    },
  );

  app.get(
    '/media/uploads/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.upload' }),
      schema: {
        tags,
        operationId: 'media.getUpload',
        summary: 'How far an upload has come',
        description: '`HEAD` gives the same in the headers `Upload-Offset` and `Upload-Length`.',
        params: MediaParamsSchema,
        response: { 200: success(ResumableUploadSchema), ...errorResponses('UNAUTHENTICATED', 'MEDIA_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const state = await uploads.state(actorOf(request), reach(request), request.params.id);
      showState(reply, state);
      return ok(state);
    },
  );

  await app.register(async (scope) => {
    // The body is read by the handler, as it comes.
    scope.addContentTypeParser(PART_TYPE, (_request, payload, done) => done(null, payload));
    scope.patch(
      '/media/uploads/:id',
      {
        onRequest: guards({ audience: 'caller', permission: 'media.upload' }),
        config: { audit: 'media.uploaded' },
        schema: {
          tags,
          operationId: 'media.appendUpload',
          summary: 'Send bytes of an upload',
          description: `The body is the bytes from \`Upload-Offset\` on, as \`${PART_TYPE}\`. What has come of a body that breaks off is kept. The last part is answered when the file is stored.`,
          consumes: [PART_TYPE],
          params: MediaParamsSchema,
          headers: Type.Object({ 'upload-offset': bytesHeader('Where the bytes of the body belong.') }),
          response: {
            204: Type.Unsafe<never>({
              type: 'null',
              description: 'The header `Upload-Offset` says how many bytes are there.',
            }),
            ...errorResponses(
              'UNAUTHENTICATED',
              'FORBIDDEN',
              'MEDIA_NOT_FOUND',
              'UPLOAD_OFFSET_MISMATCH',
              ...INTAKE_ERRORS,
            ),
          },
        },
      },
      async (request, reply) => {
        const typed = request as unknown as FastifyRequest & {
          params: { id: string };
          headers: { 'upload-offset': string };
        };
        const offset = Number(typed.headers['upload-offset']);
        if (request.body === undefined || request.body === null)
          throw new ApiError('UNSUPPORTED_MEDIA_TYPE', {
            message: `Send the bytes with \`Content-Type: ${PART_TYPE}\`.`,
          });
        const state = await uploads.append(
          actorOf(typed),
          reach(typed),
          typed.params.id,
          offset,
          request.body as Readable,
        );
        showState(reply, state);
        return reply.code(204).send(undefined as never);
      },
    );
  });

  app.delete(
    '/media/uploads/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.upload' }),
      schema: {
        tags,
        operationId: 'media.deleteUpload',
        summary: 'Give an upload up',
        params: MediaParamsSchema,
        response: {
          204: Type.Unsafe<never>({ type: 'null', description: 'It is gone.' }),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'MEDIA_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      await uploads.remove(reach(request), request.params.id);
      return reply
        .header('tus-resumable', TUS_VERSION)
        .code(204)
        .send(undefined as never);
    },
  );
};
