/** Why a ciphertext could not be read or written. The recorder and the retry logic tell them apart by type. */
export class SessionError extends Error {
  override readonly name: string = 'SessionError';
}

/** Nobody has started a session with this address, or it was closed. */
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

/** The identity is not the one this address is known by. */
export class UntrustedIdentityError extends SessionError {
  override readonly name = 'UntrustedIdentityError';
}

/** A signature over a prekey or a group message does not verify. */
export class SignatureError extends SessionError {
  override readonly name = 'SignatureError';
}
