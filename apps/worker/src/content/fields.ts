/** Returns the fields that have a value. */
export function present<T>(fields: { [F in keyof T]: T[F] | null | undefined }): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  ) as Partial<T>;
}

/** Converts a Long or a number of the protobuf; `undefined` for anything else. */
export function toNumber(value: unknown): number | undefined {
  if (value === null || value === undefined) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
