import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** Keys that Compose has got since the schema of Debian 12 was made, and that we use. */
const NEWER = { top: ['name'], service: ['pull_policy'] } as const;

/**
 * What the JSON schema of Compose says against a file. Values that come from variables are judged by their defaults.
 *
 * @returns one line for each problem
 */
export function validateCompose(text: string, schemaText: string): string[] {
  // Compose fills variables in after it has parsed the file: what they give stays a text.
  const filled = (_key: string, value: unknown) =>
    typeof value === 'string' ? value.replace(/\$\{\w+:-([^}]*)\}/g, '$1') : value;
  const document = JSON.parse(JSON.stringify(parse(text, { merge: true })), filled) as {
    services: Record<string, Record<string, unknown>>;
    [key: string]: unknown;
  };
  for (const key of NEWER.top) delete document[key];
  for (const service of Object.values(document.services)) {
    // As the older form: the paths alone.
    const files = service.env_file as { path: string; required: boolean }[] | undefined;
    if (files) service.env_file = files.map(({ path }) => path);
  }
  // Names of schemas are written as in an older draft. Nothing refers to them.
  const withoutIds = (key: string, value: unknown) =>
    (key === 'id' || key === '$id' || key === '$schema') && typeof value === 'string' ? undefined : value;
  const schema = JSON.parse(schemaText, withoutIds) as {
    definitions: { service: { properties: Record<string, object> } };
  };
  for (const key of NEWER.service) schema.definitions.service.properties[key] ??= { type: 'string' };
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: { ports: true, expose: true, duration: true, subnet_ip_address: true },
  });
  const validate = ajv.compile(schema);
  if (validate(document)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
