/**
 * SQL: the smallest id of a time. Ids grow with time (uuid version 7), so a primary key finds what is older or younger.
 * A time before 1970 counts as 1970: its negative number would be the largest id.
 *
 * @param time SQL of a timestamp
 */
export const firstIdOf = (time: string): string =>
  `(lpad(to_hex(greatest(0, extract(epoch FROM ${time}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;
