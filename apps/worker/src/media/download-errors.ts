/** WhatsApp's media host does not have the file, or not any more. The phone may upload it again. */
export class FileGoneError extends Error {
  override name = 'FileGoneError';
}

/** What came is not the file of the message: cut off, changed, or another one. The phone may upload it again. */
export class FileDamagedError extends Error {
  override name = 'FileDamagedError';
}

/** The file is larger than allowed. It is not fetched, or not to its end. */
export class FileTooLargeError extends Error {
  override name = 'FileTooLargeError';
}
