const WRITES = /\b(insert\s+into|delete\s+from|update)\s+(?:only\s+)?"?([a-z_]+)"?/gi;
const READS = /\b(?:from|join)\s+(?:only\s+)?"?([a-z_]+)"?/gi;
/** After `UPDATE`, these are no table: `DO UPDATE SET`, `FOR UPDATE SKIP LOCKED`, `FOR UPDATE OF`. */
const NO_TABLE = new Set(['set', 'skip', 'of', 'nowait']);
const LONGEST = 90;

/**
 * A short name of a statement that is the same in the program and in PostgreSQL's statistics: what it writes, else what
 * it reads. It does not depend on parameters, and goes on being readable when a statement changes.
 */
export function nameStatement(sql: string): string {
  const text = sql.replace(/\/\*.*?\*\/|--[^\n]*/gs, ' ').trim();
  const parts = new Map<string, Set<string>>();
  const add = (verb: string, table: string) => parts.set(verb, (parts.get(verb) ?? new Set()).add(table));
  for (const [, verb = '', table = ''] of text.matchAll(WRITES)) {
    if (!NO_TABLE.has(table.toLowerCase())) add(verb.split(/\s/)[0]!.toUpperCase(), table.toLowerCase());
  }
  const locks = /\bfor\s+(?:no\s+key\s+)?update\b/i.test(text) ? ' (locks)' : '';
  if (parts.size === 0) {
    const names = new Set(
      [...text.matchAll(/\b([a-z_]+)\s+as\s+(?:not\s+materialized\s+|materialized\s+)?\(/gi)].map(([, name]) => name!),
    );
    for (const [, table = ''] of text.matchAll(READS))
      if (!names.has(table) && table !== 'unnest') add('SELECT', table);
  }
  if (parts.size === 0) return text.replace(/\s+/g, ' ').slice(0, 40);
  const name = [...parts].map(([verb, tables]) => `${verb} ${[...tables].join(', ')}`).join('; ') + locks;
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}
