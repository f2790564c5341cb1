/** What may be wrong with a file that comes in. */
export const INTAKE_ERRORS = [
  'MEDIA_TOO_LARGE',
  'MEDIA_QUOTA',
  'MEDIA_EMPTY',
  'MEDIA_TYPE_MISMATCH',
  'MEDIA_UNREADABLE',
  'MEDIA_UNREACHABLE',
  'MEDIA_URL_FORBIDDEN',
] as const;
