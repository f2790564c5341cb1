const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether PostgreSQL would take this for an id. What is none is the same 404 as an unknown one. */
export const isUuid = (text: string): boolean => UUID.test(text);
