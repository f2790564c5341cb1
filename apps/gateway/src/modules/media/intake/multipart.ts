import type { WorkFolder } from '@wa-gate/media';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../../http/api-error.ts';
import { cleanFileName } from './file-names.ts';
import { type SpooledFile, spool, tooLarge } from './spooled-file.ts';

export interface MultipartOptions {
  workFolder: WorkFolder;
  /** Bytes of the file. */
  maxFileBytes: number;
  /** Characters of each field. */
  maxFieldLength: number;
}

export interface MultipartBody {
  /** The fields beside the file, as text. */
  fields: Map<string, string>;
  file: SpooledFile | undefined;
}

/** The name of the part with the file. */
const FILE_PART = 'file';
/** What senders say who do not know it, and what a part without a type has by the standard. */
const NO_CLAIMS = new Set(['application/octet-stream', 'text/plain']);
const MAX_FIELDS = 60;
const MAX_NAME = 100;

const invalid = (message: string): ApiError =>
  new ApiError('VALIDATION', { message: `The request is not valid: ${message}` });

const truncated = (): ApiError =>
  new ApiError('BAD_REQUEST', {
    message: 'The multipart body ends before its last boundary: it was cut off. Send it again.',
  });

/** What the parser itself refuses. */
function refusalOf(error: unknown): unknown {
  if (error instanceof ApiError) return error;
  const { code, message = '' } = error as { code?: string; message?: string };
  if (code === 'FST_FILES_LIMIT') return invalid(`it has more than one file. Send one part \`${FILE_PART}\`.`);
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FIELDS_LIMIT')
    return invalid(`it has more than ${MAX_FIELDS} fields.`);
  if (code === 'FST_INVALID_MULTIPART_CONTENT_TYPE' || /boundary/i.test(message))
    return new ApiError('BAD_REQUEST', { message: 'The header Content-Type of a multipart body names its boundary.' });
  if (code === 'FST_PROTO_VIOLATION') return invalid('a field has a name that is not accepted.');
  if (/unexpected end|premature|aborted|malformed/i.test(message)) return truncated();
  return error;
}

/** The rest of a refused body is read and dropped: the caller hears of the refusal when it has sent everything. */
function drain({ raw }: FastifyRequest): void {
  raw.unpipe();
  raw.on('error', () => undefined).resume();
}

/**
 * Reads a multipart body: the file goes into the work folder as it comes, fields may be before and after it.
 *
 * @throws {ApiError}
 */
export async function readMultipart(request: FastifyRequest, options: MultipartOptions): Promise<MultipartBody> {
  const { workFolder, maxFileBytes, maxFieldLength } = options;
  const fields = new Map<string, string>();
  let file: SpooledFile | undefined;
  try {
    const parts = request.parts({
      limits: {
        // Ours is met first, and has the sentence.
        fileSize: maxFileBytes + 1,
        files: 1,
        fields: MAX_FIELDS,
        parts: MAX_FIELDS + 1,
        fieldSize: maxFieldLength,
        fieldNameSize: MAX_NAME,
      },
    });
    for await (const part of parts) {
      if (part.type === 'file') {
        if (part.fieldname !== FILE_PART)
          throw invalid(`the file is in the part \`${part.fieldname}\`. Call the part \`${FILE_PART}\`.`);
        const spooled = await spool(workFolder, part.file, { field: FILE_PART, maxBytes: maxFileBytes });
        file = {
          ...spooled,
          field: FILE_PART,
          fileName: cleanFileName(part.filename ?? ''),
          mimetype: NO_CLAIMS.has(part.mimetype) ? undefined : part.mimetype,
        };
        if (part.file.truncated) throw tooLarge(FILE_PART, maxFileBytes);
      } else {
        if (part.fieldnameTruncated || part.valueTruncated)
          throw invalid(`the field \`${part.fieldname}\` is longer than ${maxFieldLength} characters.`);
        if (fields.has(part.fieldname)) throw invalid(`it has the field \`${part.fieldname}\` twice.`);
        fields.set(part.fieldname, String(part.value));
      }
    }
    return { fields, file };
  } catch (error) {
    await file?.[Symbol.asyncDispose]();
    drain(request);
    throw refusalOf(error);
  }
}
