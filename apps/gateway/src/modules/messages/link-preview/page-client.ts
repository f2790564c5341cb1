import { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from '@wa-gate/egress';
import { Agent, type Dispatcher, request } from 'undici';

/** What is at an address of the web. */
export interface FetchedPage {
  /** Where it was in the end. */
  url: string;
  type: string;
  body: Buffer;
}

export interface WantedPage {
  types: RegExp;
  maxBytes: number;
  signal: AbortSignal;
  /** The way out, in place of the direct one. It connects to public addresses alone, too. */
  through?: Dispatcher | undefined;
}

/** Reads pages and pictures that callers name, from public addresses alone. */
export interface PageClient {
  /** At most `maxBytes` of it. @throws when it cannot be had, or is of another type */
  fetch(url: string, wanted: WantedPage): Promise<FetchedPage>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 3;
/** Sites that keep their titles from strangers show them to this one, as to WhatsApp's own clients. */
const USER_AGENT = 'WhatsApp/2.23.20 wa-gate';

const refusal = (hostname: string) => new PrivateAddressError(`${hostname} is a private address.`);

/** @param isAllowed whether an address in a URL may be called. Names lead to public addresses alone in any case */
export function createPageClient(isAllowed: (address: string) => boolean = isPublicAddress): PageClient {
  const dispatcher = new Agent({
    connect: { timeout: 3_000, lookup: publicLookup(refusal) },
    connections: 4,
    keepAliveTimeout: 1_000,
  });

  /** An address in the URL is never looked up, so that it is checked here, at every redirect. */
  function checked(url: string): URL {
    const parsed = new URL(url);
    const isWeb = parsed.protocol === 'http:' || parsed.protocol === 'https:';
    if (!isWeb || parsed.username || parsed.password) throw new Error('Only plain http and https are read.');
    const address = addressOf(parsed.hostname);
    if (address && !isAllowed(address)) throw refusal(parsed.hostname);
    return parsed;
  }

  return {
    async fetch(given, { types, maxBytes, signal, through = dispatcher }) {
      let url = checked(given);
      for (let redirects = 0; ; redirects += 1) {
        const headers = { 'user-agent': USER_AGENT, accept: '*/*', 'accept-encoding': 'identity' };
        const { statusCode, headers: got, body } = await request(url, { dispatcher: through, headers, signal });
        const location = statusCode >= 300 && statusCode < 400 ? got.location : undefined;
        const type = String(got['content-type'] ?? '');
        try {
          if (typeof location === 'string' && redirects < MAX_REDIRECTS) {
            url = checked(new URL(location, url).href);
            continue;
          }
          if (statusCode !== 200) throw new Error(`It answers ${statusCode}.`);
          if (!types.test(type)) throw new Error(`It is of type ${type}.`);
          return { url: url.href, type, body: await readSome(body, maxBytes) };
        } finally {
          // Whatever is left of it is not read; undici reports that as an error of the stream.
          body.on('error', () => undefined).destroy();
        }
      }
    },
    close: () => dispatcher.destroy(),
  };
}

async function readSome(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}
