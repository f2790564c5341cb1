const BROADCASTS = /^((?:https?:\/\/[^/?#]*)?\/api\/broadcast)s(?=[/?#]|$)/;

/** `/api/broadcasts` is another name of `/api/broadcast`: the URL as the one router knows it. */
export const withoutAlias = (url: string): string =>
  url.includes('/api/broadcasts') ? url.replace(BROADCASTS, '$1') : url;
