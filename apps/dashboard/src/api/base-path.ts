/**
 * The path below which the gateway is reached, such as `/wa`; empty at the root. The gateway writes it into `<base>`.
 */
export const basePath = new URL(document.baseURI).pathname.replace(/\/$/, '');

/** An address of the API for elements that load by themselves, such as pictures. */
export const apiUrl = (path: `/api/${string}`): string => `${basePath}${path}`;
