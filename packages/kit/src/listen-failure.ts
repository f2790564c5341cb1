/** The addresses that a process listens on, as they are configured. */
export interface ListenAddresses {
  HOST?: string | undefined;
  PORT?: number | string | undefined;
  METRICS_HOST?: string | undefined;
  METRICS_PORT?: number | string | undefined;
}

/** The reason why a server cannot listen, as a sentence for the operator; `null` for other errors. */
export function describeListenFailure(error: unknown, addresses: ListenAddresses): string | null {
  const { HOST = '127.0.0.1', METRICS_HOST = HOST, METRICS_PORT } = addresses;
  const { code, port } = error as { code?: string; port?: number };
  const isForMetrics = METRICS_PORT !== undefined && port === Number(METRICS_PORT) && port !== Number(addresses.PORT);
  const [prefix, host, wanted] = isForMetrics ? ['METRICS_', METRICS_HOST, METRICS_PORT] : ['', HOST, addresses.PORT];
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${wanted} is taken on ${host}. Stop the other program, or set ${prefix}PORT to a free port.`;
    case 'EACCES':
      return `Port ${wanted} may not be opened by this user. Set ${prefix}PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${host}. Set ${prefix}HOST to one that it has.`;
    default:
      return null;
  }
}
