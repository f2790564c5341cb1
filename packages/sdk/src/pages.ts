import type { OperationEntry } from './operation.ts';

type Page = Record<string, unknown>;
type Paging = NonNullable<OperationEntry['paging']>;

/** The items of all pages of a list. */
export async function* itemsOfAllPages(
  { items, by }: Paging,
  input: Record<string, unknown>,
  fetchPage: (input: Record<string, unknown>) => Promise<Page>,
): AsyncGenerator<unknown, void, undefined> {
  let next: Record<string, unknown> | undefined = input;
  while (next) {
    const page: Page = await fetchPage(next);
    yield* page[items] as unknown[];
    const position = positionAfter(by, page);
    next = position && { ...input, ...position };
  }
}

/** The parameters of the page that follows, or `undefined` after the last one. */
function positionAfter(by: Paging['by'], page: Page): Record<string, unknown> | undefined {
  if (by === 'after') {
    const { cursor, hasMore } = page as { cursor: string; hasMore: boolean };
    return hasMore ? { after: cursor } : undefined;
  }
  if (by === 'cursor') {
    const { nextCursor, hasMore } = page.pagination as { nextCursor: string | null; hasMore: boolean };
    return hasMore && nextCursor !== null ? { cursor: nextCursor } : undefined;
  }
  const { page: number, totalPages } = page.pagination as { page: number; totalPages: number };
  return number < totalPages ? { page: number + 1 } : undefined;
}
