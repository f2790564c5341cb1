/** The pattern of `LIKE` for what has this text anywhere, as it is: no character of it stands for others. */
export const likeAnywhere = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
