/** As clients of a proxy may write it; the router cuts the same off. */
const ORIGIN = /^https?:\/\/[^/?#]*/;
const ENDS_SEGMENT = /[/?#]/;

/**
 * `/api/v1` is another name of `/api`: the URL as the one router knows it. Segments are compared as the router does,
 * with their escapes read; nothing else of the URL is touched.
 *
 * @param url of the request line: path and query
 */
export function withoutVersion(url: string): string {
  // Nearly every request has neither.
  if (!url.includes('v1') && !url.includes('%')) return url;
  const path = url.startsWith('/') ? url : url.replace(ORIGIN, '');
  const [api, afterApi] = segmentAt(path, 0);
  if (api !== 'api') return url;
  const [version, afterVersion] = segmentAt(path, afterApi);
  return version === 'v1' ? `/api${path.slice(afterVersion)}` : url;
}

/** The segment that begins with the slash at this place, and where it ends. */
function segmentAt(path: string, start: number): [text: string | undefined, end: number] {
  if (path[start] !== '/') return [undefined, start];
  const length = path.slice(start + 1).search(ENDS_SEGMENT);
  const end = length < 0 ? path.length : start + 1 + length;
  return [decoded(path.slice(start + 1, end)), end];
}

function decoded(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // the router refuses it
  }
}
