import type { LinkPreviewRequest, OutboundContext } from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { Dispatcher } from 'undici';
import { ApiError } from '../../../http/api-error.ts';
import type { PageClient, WantedPage } from './page-client.ts';
import { type PageFacts, readPage } from './read-page.ts';

type Preview = NonNullable<OutboundContext['linkPreview']>;

/** Previews of links in texts. */
export interface LinkPreviews {
  /**
   * The preview that a text goes out with; `undefined`: none, because it has no link, or its page cannot be read in
   * time.
   *
   * @throws {ApiError} VALIDATION for a preview by the caller that no text or no phone could show
   */
  of(text: string, wanted: LinkPreviewRequest | undefined, sessionId: string): Promise<Preview | undefined>;
}

export interface LinkPreviewsDependencies {
  client: PageClient;
  logger: Logger;
  /** A small JPEG of a picture; `undefined`: none can be made. Without it, pages are shown without a picture. */
  thumbnail?: ((picture: Buffer) => Promise<Buffer | undefined>) | undefined;
  /** The way by which the session goes out; `undefined`: directly. */
  egress?: (sessionId: string) => Promise<Dispatcher | undefined>;
}

/** Milliseconds for all that an automatic preview asks for. The caller of the send waits for it. */
const DEADLINE_MS = 4_000;
const MAX_PAGE_BYTES = 512 * 1_024;
const MAX_PICTURE_BYTES = 4 * 1_024 * 1_024;
/** Bytes of a picture inside a message. */
const MAX_THUMBNAIL_BYTES = 48 * 1_024;
const KNOWN = { max: 500, ttl: 10 * 60_000 };

const HTML = /^(?:text\/html|application\/xhtml\+xml)/i;
const PICTURE = /^image\/(?:jpeg|png|webp|gif)/i;

/** The first link, without the punctuation behind it. */
export function linkIn(text: string): string | undefined {
  const found = /https?:\/\/[^\s<>"]+/i.exec(text)?.[0].replace(/[.,;:!?'»\u201D)\]}]+$/u, '');
  return found !== undefined && URL.canParse(found) ? found : undefined;
}

export function createLinkPreviews({ client, logger, thumbnail, egress }: LinkPreviewsDependencies): LinkPreviews {
  /** `null`: it was not to be had. Many messages of a campaign name one page. */
  const known = new LRUCache<string, { preview: Preview | null }>(KNOWN);

  async function read(link: string, sessionId: string): Promise<Preview | null> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const through = await egress?.(sessionId);
    const { url, body } = await client.fetch(link, { types: HTML, maxBytes: MAX_PAGE_BYTES, signal, through });
    const facts = readPage(body.toString('utf8'));
    if (!facts.title) return null;
    const picture = await readPicture(facts, url, { signal, through });
    return {
      url: link,
      title: facts.title,
      ...(facts.description && { description: facts.description }),
      ...(picture && { thumbnail: picture.toString('base64') }),
    };
  }

  async function readPicture(
    { image }: PageFacts,
    page: string,
    way: Pick<WantedPage, 'signal' | 'through'>,
  ): Promise<Buffer | undefined> {
    if (!thumbnail || !image || !URL.canParse(image, page)) return undefined;
    try {
      const url = new URL(image, page).href;
      const { body } = await client.fetch(url, { types: PICTURE, maxBytes: MAX_PICTURE_BYTES, ...way });
      const made = await thumbnail(body);
      return made && made.length <= MAX_THUMBNAIL_BYTES ? made : undefined;
    } catch (error) {
      logger.debug({ err: error }, 'picture of a link preview not read');
      return undefined;
    }
  }

  async function automatic(link: string, sessionId: string): Promise<Preview | undefined> {
    const before = known.get(link);
    if (before) return before.preview ?? undefined;
    const preview = await read(link, sessionId).catch((error: unknown) => {
      logger.debug({ err: error }, 'link preview not read');
      return null;
    });
    known.set(link, { preview });
    return preview ?? undefined;
  }

  return {
    async of(text, wanted, sessionId) {
      if (wanted === undefined || wanted === false) return undefined;
      const link = linkIn(text);
      if (wanted !== true) return byCaller(text, link, wanted);
      return link === undefined ? undefined : await automatic(link, sessionId);
    },
  };
}

/** Phones show a preview beside the link that it is of. */
function byCaller(text: string, link: string | undefined, given: Exclude<LinkPreviewRequest, boolean>): Preview {
  const { url = link, title, description, thumbnail } = given;
  if (url === undefined || !text.includes(url))
    throw new ApiError('VALIDATION', {
      message:
        'The text has no link for `linkPreview`. Write its `url` into the text: phones show the preview beside it.',
    });
  const isJpeg = thumbnail === undefined || Buffer.from(thumbnail, 'base64').subarray(0, 2).toString('hex') === 'ffd8';
  if (!isJpeg) throw new ApiError('VALIDATION', { message: '`linkPreview.thumbnail` takes a small JPEG in base64.' });
  return {
    url,
    title,
    ...(description !== undefined && { description }),
    ...(thumbnail !== undefined && { thumbnail }),
  };
}
