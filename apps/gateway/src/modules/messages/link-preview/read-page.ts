import { Parser } from 'htmlparser2';

/** What a page says of itself. */
export interface PageFacts {
  title?: string;
  description?: string;
  /** Of a picture, as the page writes it. */
  image?: string;
}

/** The names under which pages tell each fact, the best one first. */
const NAMES = {
  title: ['og:title', 'twitter:title', 'title'],
  description: ['og:description', 'twitter:description', 'description'],
  image: ['og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image'],
} as const;

/** Longest texts of a preview, in characters: phones show no more. */
const MOST = { title: 200, description: 400, image: 2_000 } as const;

/** Reads the head of an HTML page. Pure. */
export function readPage(html: string): PageFacts {
  const told = new Map<string, string>();
  const tell = (name: string, value: string) => {
    const text = value.replace(/\s+/g, ' ').trim();
    if (text !== '' && !told.has(name)) told.set(name, text);
  };
  let title: string | undefined;
  const parser = new Parser(
    {
      onopentag(tag, { property, name, content }) {
        const named = (property ?? name)?.toLowerCase();
        if (tag === 'meta' && named && content) tell(named, content);
        if (tag === 'title' && !told.has('title')) title = '';
      },
      ontext(text) {
        if (title !== undefined) title += text;
      },
      onclosetag(tag) {
        if (tag !== 'title' || title === undefined) return;
        tell('title', title);
        title = undefined;
      },
    },
    { decodeEntities: true, lowerCaseAttributeNames: true, lowerCaseTags: true },
  );
  parser.end(html);
  const facts: PageFacts = {};
  for (const fact of ['title', 'description', 'image'] as const) {
    const value = NAMES[fact].map((name) => told.get(name)).find(Boolean);
    // A cut emoji is no text that PostgreSQL could store.
    if (value)
      facts[fact] = value
        .slice(0, MOST[fact])
        .replace(/[\ud800-\udbff]$/, '')
        .replace(/\p{Surrogate}/gu, '\ufffd');
  }
  return facts;
}
