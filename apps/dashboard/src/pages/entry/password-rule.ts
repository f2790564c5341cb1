/** Characters that the API wants of a password at least. */
export const PASSWORD_MIN = 8;
