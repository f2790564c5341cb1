/** Seconds since 1970, as the protocol writes times. */
export const unixSeconds = (): number => Math.floor(Date.now() / 1000);
