import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type CreateMediaRequest,
  CreateMediaRequestSchema,
  DeleteMediaResultSchema,
  ListMediaQuerySchema,
  ListMediaResultSchema,
  ListMessageMediaResultSchema,
  MediaParamsSchema,
  MediaUsageSchema,
  MessageParamsSchema,
  SignedMediaUrlSchema,
  SignMediaUrlRequestSchema,
  StoredMediaSchema,
  success,
} from '@wa-gate/contracts';
import type { WorkFolder } from '@wa-gate/media';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { MessagesService } from '../messages/index.ts';
import { type Reach, reachOf, type SessionDirectory } from '../sessions/index.ts';
import { contentRoutes } from './content.routes.ts';
import { acceptFileBodies } from './intake/file-bodies.ts';
import { requestFiles } from './intake/request-files.ts';
import { typedFields } from './intake/typed-fields.ts';
import { INTAKE_ERRORS } from './intake-errors.ts';
import type { MediaService } from './media.service.ts';
import { resumableRoutes } from './resumable.routes.ts';
import type { ResumableUploads } from './resumable-uploads.ts';

export interface MediaRoutesOptions {
  media: MediaService;
  resumableUploads: ResumableUploads;
  messages: Pick<MessagesService, 'get'>;
  directory: SessionDirectory;
  workFolder: WorkFolder;
  /** Bytes of the largest file that the caller may send. */
  maxFileBytes: (request: FastifyRequest) => number;
  /** Where people reach the installation; without it signed URLs are paths. */
  publicUrl: string | undefined;
  basePath: string;
  guards: Guards;
}

const tags = ['Media'];
/** Exactly one source: the schema cannot say it in words that name the fields. */
function assertOneSource({ url, base64 }: CreateMediaRequest): void {
  if ((url === undefined) !== (base64 === undefined)) return;
  throw new ApiError('VALIDATION', {
    message:
      url === undefined
        ? 'The request is not valid: give the file as `url` or `base64`, or as the part `file` of a multipart/form-data body.'
        : 'The request is not valid: give `url` or `base64`, not both.',
  });
}

/** Files: uploading, listing, reading, deleting. */
export const mediaRoutes: FastifyPluginAsyncTypebox<MediaRoutesOptions> = async (app, options) => {
  const { media, messages, directory, publicUrl, basePath, guards } = options;
  const reach = (request: FastifyRequest): Reach => reachOf(principalOf(request));
  /** The same, narrowed to the session that the request names. */
  async function reachOfSession(request: FastifyRequest, sessionId: string | undefined): Promise<Reach> {
    if (sessionId === undefined) return reach(request);
    const { id, workspaceId } = await directory.resolve(principalOf(request), sessionId);
    return { workspaceId, sessionId: id };
  }

  await app.register(async (scope) => {
    await acceptFileBodies(scope, {
      ...options,
      fromForm: (fields, file) => ({ ...typedFields(fields, CreateMediaRequestSchema), ...(file && { base64: file }) }),
    });
    scope.post(
      '/media',
      {
        onRequest: guards({ audience: 'caller', permission: 'media.upload' }),
        config: { audit: 'media.uploaded' },
        schema: {
          tags,
          operationId: 'media.create',
          summary: 'Upload a file',
          description: [
            'As `multipart/form-data` (one part `file`, beside it the fields), or as JSON with `url` or `base64`. The type is that of the bytes; a name or',
            '`mimetype` that says something else is refused. The same bytes are stored once per workspace. Large files over slow lines: POST /api/media/uploads.',
          ].join(' '),
          consumes: ['multipart/form-data', 'application/json'],
          body: CreateMediaRequestSchema,
          response: {
            201: success(StoredMediaSchema),
            ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'SESSION_NOT_FOUND', ...INTAKE_ERRORS),
          },
        },
      },
      async (request, reply) => {
        const { sessionId, ...given } = request.body as CreateMediaRequest;
        assertOneSource(given);
        const within = await reachOfSession(request as FastifyRequest, sessionId);
        const created = await media.create(
          actorOf(request as FastifyRequest),
          within,
          given,
          requestFiles(request as FastifyRequest),
        );
        return reply.code(201).send(ok(created));
      },
    );
  });
  await app.register(resumableRoutes, options);
  await app.register(contentRoutes, options);

  app.get(
    '/media',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.view' }),
      schema: {
        tags,
        operationId: 'media.list',
        summary: 'Files, newest first',
        description:
          'What was uploaded, and what came in messages. With a session key only what belongs to its session.',
        querystring: ListMediaQuerySchema,
        response: { 200: success(ListMediaResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => ok(await media.list(await reachOfSession(request, request.query.sessionId), request.query)),
  );

  app.get(
    '/media/usage',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.view' }),
      schema: {
        tags,
        operationId: 'media.usage',
        summary: 'What the account stores, and what its tier allows',
        response: { 200: success(MediaUsageSchema), ...errorResponses('UNAUTHENTICATED') },
      },
    },
    async (request) => ok(await media.usage(principalOf(request).workspaceId)),
  );

  app.get(
    '/media/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.view' }),
      schema: {
        tags,
        operationId: 'media.get',
        summary: 'One file, without its bytes',
        params: MediaParamsSchema,
        response: { 200: success(StoredMediaSchema), ...errorResponses('UNAUTHENTICATED', 'MEDIA_NOT_FOUND') },
      },
    },
    async (request) => ok(await media.get(reach(request), request.params.id)),
  );

  app.delete(
    '/media/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.upload' }),
      config: { audit: 'media.deleted' },
      schema: {
        tags,
        operationId: 'media.delete',
        summary: 'Delete a file',
        description:
          'Its bytes go too, unless another file has the same. Messages that were sent with it stay; one that still waits to be sent with it fails.',
        params: MediaParamsSchema,
        response: {
          200: success(DeleteMediaResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'MEDIA_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      await media.remove(actorOf(request), reach(request), request.params.id);
      return ok({ mediaId: request.params.id.toLowerCase(), deleted: true as const });
    },
  );

  app.post(
    '/media/:id/url',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.view' }),
      config: { audit: 'media.url_signed' },
      schema: {
        tags,
        operationId: 'media.sign',
        summary: 'A URL of a file that works without a key',
        description:
          'For a browser, a mail or another service. It works until `expiresAt`, or until the file is deleted.',
        params: MediaParamsSchema,
        body: SignMediaUrlRequestSchema,
        response: {
          200: success(SignedMediaUrlSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'MEDIA_NOT_FOUND', 'MEDIA_NOT_READY', 'MEDIA_EXPIRED'),
        },
      },
    },
    async (request) => {
      const { path, expiresAt } = await media.sign(
        actorOf(request),
        reach(request),
        request.params.id,
        request.body?.expiresInSeconds,
      );
      return ok({ url: `${publicUrl?.replace(/\/$/, '') ?? basePath}${path}`, expiresAt: expiresAt.toISOString() });
    },
  );

  app.get(
    '/messages/:id/media',
    {
      onRequest: guards({ audience: 'caller', permission: 'media.view' }),
      schema: {
        tags,
        operationId: 'messages.media',
        summary: 'The files of a message',
        description:
          'Of a received message, and of one that was sent with a file of its own. Empty for a message without.',
        params: MessageParamsSchema,
        response: {
          200: success(ListMessageMediaResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'MESSAGE_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { messageId } = await messages.get(principalOf(request), request.params.id);
      return ok({ media: await media.ofMessage(messageId) });
    },
  );
};
