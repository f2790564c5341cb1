import { readFileSync } from 'node:fs';

/** A row of a table of `docs/configuration.md`. */
export interface DocumentedVariable {
  name: string;
  /** The default as text; empty for none. */
  fallback: string;
}

const ROW = /^\| `([A-Z][A-Z0-9_]*)` \| (?:`([^`]*)`)? ?\| (.*) ?\|$/;

/** The variables below a heading of `docs/configuration.md`, by name. */
export function documentedVariables(heading: string): Map<string, DocumentedVariable> {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (!section) throw new Error(`docs/configuration.md has no section "${heading}"`);
  const rows = section.split('\n').flatMap((line) => {
    const [, name, fallback = ''] = ROW.exec(line) ?? [];
    return name === undefined ? [] : [{ name, fallback }];
  });
  return new Map(rows.map((row) => [row.name, row]));
}

/** The variables of a schema, for a comparison with the document. */
export function declaredVariables(schema: { properties: Record<string, object> }): Map<string, DocumentedVariable> {
  return new Map(
    Object.entries(schema.properties).map(([name, property]) => {
      const { default: fallback = '' } = property as { default?: string | number | boolean };
      return [name, { name, fallback: String(fallback) }];
    }),
  );
}
