/** The content of a file cannot be decoded. The message is of the library that tried. */
export class UnreadableError extends Error {
  override name = 'UnreadableError';
}
