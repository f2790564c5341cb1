import type { IncomingMessage } from 'node:http';
import multipart from '@fastify/multipart';
import { LIMITS } from '@wa-gate/contracts';
import type { WorkFolder } from '@wa-gate/media';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../../../http/api-error.ts';
import { jsonParser } from '../../../plugins/transport/index.ts';
import { readJsonWithFiles } from './json-with-files.ts';
import { readMultipart } from './multipart.ts';
import { disposeRequestFiles, requestFiles } from './request-files.ts';

export interface FileBodiesOptions {
  workFolder: WorkFolder;
  /** Bytes of the largest file that the caller may send. */
  maxFileBytes: (request: FastifyRequest) => number;
  /** Makes the body of a form. The file of it stands in the body as a text, under which `requestFiles` has it. */
  fromForm: (fields: ReadonlyMap<string, string>, file: string | undefined, request: FastifyRequest) => unknown;
}

/** Files of one JSON body. */
const MAX_FILES = 30;

/**
 * Bodies with files, for the routes of a scope: `multipart/form-data`, and JSON whose files are too large for memory.
 * The files are in the work folder when the schema sees the body, and are removed with the answer.
 */
export async function acceptFileBodies(scope: FastifyInstance, options: FileBodiesOptions): Promise<void> {
  const { workFolder, maxFileBytes, fromForm } = options;

  const parse = jsonParser(scope);
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const length = Number(request.headers['content-length']);
    if (length > base64Length(maxFileBytes(request)) * MAX_FILES + LIMITS.bodyBytes)
      throw new ApiError('BODY_TOO_LARGE');
    const text =
      length <= LIMITS.bodyBytes
        ? await textOf(payload)
        : await readJsonWithFiles(payload, {
            workFolder,
            maxFileBytes: maxFileBytes(request),
            maxTextLength: LIMITS.bodyBytes,
            maxFiles: MAX_FILES,
            keep: (file) => requestFiles(request).add(file),
          });
    return await new Promise<unknown>((resolve, reject) => {
      parse(request, text, (error, value) => (error ? reject(error) : resolve(value)));
    });
  });

  await scope.register(multipart);
  // The plugin hands the body on unread; it is read before the schema sees it.
  scope.addHook('preValidation', async (request) => {
    if (!request.isMultipart()) return;
    const { fields, file } = await readMultipart(request, {
      workFolder,
      maxFileBytes: maxFileBytes(request),
      maxFieldLength: LIMITS.bodyBytes,
    });
    request.body = fromForm(fields, file && requestFiles(request).add(file), request);
  });
  scope.addHook('onResponse', disposeRequestFiles);
  scope.addHook('onRequestAbort', disposeRequestFiles);
}

const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4;

async function textOf(payload: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of payload) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
