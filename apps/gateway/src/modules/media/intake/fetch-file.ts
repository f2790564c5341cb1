import { basename } from 'node:path';
import { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from '@wa-gate/egress';
import type { WorkFolder } from '@wa-gate/media';
import { Agent, type Dispatcher, request } from 'undici';
import { ApiError } from '../../../http/api-error.ts';
import { fileNameOfHeader } from './file-names.ts';
import { type SpooledFile, type SpoolLimits, spool, tooLarge } from './spooled-file.ts';

export interface FileFetcher {
  /**
   * Fetches a file into the work folder. Every address on the way, of each redirect too, is checked when the connection
   * is made.
   *
   * @throws {ApiError} MEDIA_URL_FORBIDDEN, MEDIA_UNREACHABLE, MEDIA_TOO_LARGE, MEDIA_EMPTY
   */
  fetch(url: string, limits: SpoolLimits): Promise<SpooledFile>;
  close(): Promise<void>;
}

export interface FileFetcherOptions {
  workFolder: WorkFolder;
  /** Fetch from private addresses too. */
  allowPrivate: boolean;
  /** Of addresses in URLs. @default {@link isPublicAddress} */
  isPublic?: (address: string) => boolean;
  /** Milliseconds for all of it. @default 120 000 */
  deadlineMs?: number;
}

const DEADLINE_MS = 120_000;
const CONNECT_MS = 5_000;
const HEADERS_MS = 15_000;
/** Milliseconds without a byte. */
const SILENCE_MS = 20_000;
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const forbidden = (field: string, why: string, url: URL | string): ApiError =>
  new ApiError('MEDIA_URL_FORBIDDEN', {
    message: `\`${field}\` is not fetched: ${why}`,
    details: { field, url: withoutSecrets(url) },
  });
const unreachable = (field: string, reason: string, url: URL, retryable = true): ApiError =>
  new ApiError('MEDIA_UNREACHABLE', {
    message: `\`${field}\` could not be fetched from ${url.host}: ${reason}`,
    details: { field, reason, url: withoutSecrets(url) },
    retryable,
  });

/** Errors are logged: the query of a URL often is its key. */
function withoutSecrets(url: URL | string): string {
  if (typeof url === 'string') return url.slice(0, 200).split('?', 1)[0]!;
  return `${url.origin}${url.pathname}`.slice(0, 500);
}

/** Why the URL is not asked at all. */
function refusalOf(
  text: string,
  field: string,
  { allowPrivate, isPublic = isPublicAddress }: Pick<FileFetcherOptions, 'allowPrivate' | 'isPublic'>,
): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw forbidden(field, 'it is not a URL.', text);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw forbidden(field, 'only http:// and https:// are fetched.', url);
  if (url.username || url.password) throw forbidden(field, 'URLs with a user name or a password are not.', url);
  const address = addressOf(url.hostname);
  if (!allowPrivate && address !== undefined && !isPublic(address))
    throw forbidden(field, `${url.hostname} is a private address.`, url);
  return url;
}

function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is not known.';
    case 'ECONNREFUSED':
      return 'nobody answers there.';
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `no connection within ${CONNECT_MS / 1_000} s.`;
    case 'UND_ERR_HEADERS_TIMEOUT':
      return `no answer within ${HEADERS_MS / 1_000} s.`;
    case 'UND_ERR_BODY_TIMEOUT':
      return `it stopped sending for ${SILENCE_MS / 1_000} s.`;
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return 'the connection broke before the file was complete.';
    default:
      return `${code ?? message ?? 'the request failed'}.`;
  }
}

export function createFileFetcher(options: FileFetcherOptions): FileFetcher {
  const { workFolder, allowPrivate, deadlineMs = DEADLINE_MS } = options;
  const agent = new Agent({
    connect: {
      timeout: CONNECT_MS,
      ...(!allowPrivate && {
        lookup: publicLookup((hostname) => new PrivateAddressError(`${hostname} has a private address.`)),
      }),
    },
    headersTimeout: HEADERS_MS,
    bodyTimeout: SILENCE_MS,
    // Files come from many hosts, rarely twice from one.
    keepAliveTimeout: 1_000,
    pipelining: 0,
  });

  /** The answer with the file, after all redirects. */
  async function open(text: string, field: string, signal: AbortSignal) {
    let url = refusalOf(text, field, options);
    for (let hop = 0; ; hop += 1) {
      let answer: Dispatcher.ResponseData;
      try {
        answer = await request(url, {
          dispatcher: agent,
          signal,
          headers: { 'user-agent': 'wa-gate', accept: '*/*', 'accept-encoding': 'identity' },
        });
      } catch (error) {
        if ((error as { code?: string }).code === 'WAG_PRIVATE_ADDRESS')
          throw forbidden(field, `${url.hostname} has a private address.`, url);
        throw signal.aborted ? error : unreachable(field, describe(error), url);
      }
      const { statusCode, headers, body } = answer;
      const location = headers.location;
      if (!REDIRECTS.has(statusCode) || typeof location !== 'string') return { url, answer };
      await body.dump({ limit: 16_384, signal }).catch(() => undefined);
      if (hop === MAX_REDIRECTS) throw unreachable(field, `more than ${MAX_REDIRECTS} redirects.`, url, false);
      const next = URL.canParse(location, url.href) ? new URL(location, url.href).href : location;
      url = refusalOf(next, field, options);
    }
  }

  return {
    async fetch(text, limits) {
      const { field, maxBytes } = limits;
      const deadline = AbortSignal.timeout(deadlineMs);
      const signal = limits.signal ? AbortSignal.any([deadline, limits.signal]) : deadline;
      let at = text;
      try {
        const { url, answer } = await open(text, field, signal);
        at = url.href;
        const { statusCode, headers, body } = answer;
        // Whatever ends this, the connection is not left with a body that nobody reads.
        const refuse = (error: ApiError): never => {
          body.on('error', () => undefined).destroy();
          throw error;
        };
        if (statusCode !== 200) {
          refuse(unreachable(field, `it answered ${statusCode}.`, url, statusCode >= 500 || statusCode === 429));
        }
        const encoding = headers['content-encoding'] ?? 'identity';
        if (encoding !== 'identity') refuse(unreachable(field, `it sends ${String(encoding)} unasked.`, url, false));
        if (Number(headers['content-length']) > maxBytes) refuse(tooLarge(field, maxBytes));
        try {
          const spooled = await spool(workFolder, body, { ...limits, signal });
          const disposition = headers['content-disposition'];
          const type = headers['content-type'];
          return {
            ...spooled,
            fileName:
              (typeof disposition === 'string' ? fileNameOfHeader(disposition) : undefined) ?? fileNameOfPath(url),
            mimetype: typeof type === 'string' ? type.split(';', 1)[0]!.trim() : undefined,
          };
        } catch (error) {
          if (error instanceof ApiError || signal.aborted) throw error;
          throw unreachable(field, describe(error), url);
        }
      } catch (error) {
        if (!deadline.aborted || error instanceof ApiError) throw error;
        throw unreachable(field, `it took longer than ${deadlineMs / 1_000} s.`, new URL(at));
      }
    },
    close: () => agent.destroy(),
  };
}

/** The last part of the path, where it looks like a file. */
function fileNameOfPath({ pathname }: URL): string | undefined {
  try {
    const name = basename(decodeURIComponent(pathname));
    return /\.[A-Za-z0-9]{1,8}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
