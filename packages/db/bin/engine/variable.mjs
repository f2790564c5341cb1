/** Variables of the scripts, which run without the other packages. */
import { readFileSync } from 'node:fs';

/**
 * The value of a variable, or of the file that `NAME_FILE` names, as `readConfig` of packages/kit reads it.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function readVariable(name, env) {
  const path = env[`${name}_FILE`];
  const value = env[name];
  if (value && path) throw new Error(`${name} and ${name}_FILE are both set. Keep one of them.`);
  if (value) return value;
  if (!path) throw new Error(`${name} is not set. Set it, or ${name}_FILE to the path of a file with it.`);
  const content = readFile(`${name}_FILE names ${path}`, path).replace(/\r?\n$/, '');
  if (content === '') throw new Error(`${name}_FILE names ${path}, which is empty. Write the value into it.`);
  return content;
}

/**
 * @param {string} what for the sentence
 * @param {string} path
 */
function readFile(what, path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    /** @type {Record<string, string>} */
    const reasons = {
      ENOENT: 'does not exist. Create the file, or mount the secret there.',
      EACCES: `user ${process.getuid?.() ?? ''} may not read. Let that user read it, with chown or chmod.`,
      EISDIR:
        'is a folder. A container engine makes one where the file to mount is missing: create the file, start again.',
    };
    throw new Error(`${what}, which ${reasons[code ?? ''] ?? `cannot be read (${code}).`}`);
  }
}
