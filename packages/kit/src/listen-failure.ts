/** The reason why a server cannot listen on HOST and PORT, as a sentence for the operator; `null` for other errors. */
export function describeListenFailure(
  error: unknown,
  { HOST = '127.0.0.1', PORT }: { HOST?: string | undefined; PORT?: number | string | undefined },
): string | null {
  switch ((error as { code?: string }).code) {
    case 'EADDRINUSE':
      return `Port ${PORT} is taken on ${HOST}. Stop the other program, or set PORT to a free port.`;
    case 'EACCES':
      return `Port ${PORT} may not be opened by this user. Set PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${HOST}. Set HOST to one that it has.`;
    default:
      return null;
  }
}
