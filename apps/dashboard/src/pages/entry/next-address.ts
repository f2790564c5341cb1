/**
 * Where to go after a login. Only to a page of this dashboard: a link may come from anybody.
 *
 * @param next path with query, below the root of the dashboard
 */
export const safeNext = (next: string | undefined): string =>
  next && /^\/(?![/\\])/.test(next) && !/[\u0000-\u001f\\]/.test(next) ? next : '/';

/** The token of a link. It stands behind `#`, so that no server and no log sees it. */
export function takeTokenFromAddress(): string {
  const token = decodeURIComponent(location.hash.slice(1));
  if (token) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}
