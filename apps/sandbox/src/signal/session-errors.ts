/** A ciphertext could not be decrypted or made. The recorder and the retry logic distinguish the subclasses. */
export class SessionError extends Error {
  override readonly name: string = 'SessionError';
}

/** There is no session with this address, or it was closed. */
export class NoSessionError extends SessionError {
  override readonly name = 'NoSessionError';
}

/** The message key was used before: the same ciphertext came twice. */
export class DuplicateMessageError extends SessionError {
  override readonly name = 'DuplicateMessageError';
}

/** No state of the session authenticates the message. */
export class BadMacError extends SessionError {
  override readonly name = 'BadMacError';
}

/** The message is too far ahead of what was received. */
export class FutureMessageError extends SessionError {
  override readonly name = 'FutureMessageError';
}

/** A prekey message names a prekey that does not exist (any more). */
export class UnknownPreKeyError extends SessionError {
  override readonly name = 'UnknownPreKeyError';
}

/** The identity differs from the known one of this address. */
export class UntrustedIdentityError extends SessionError {
  override readonly name = 'UntrustedIdentityError';
}

/** A signature over a prekey or a group message does not verify. */
export class SignatureError extends SessionError {
  override readonly name = 'SignatureError';
}
