/** The files of the Python and PHP clients that are made from the description of the API. */
import { renderPhp } from './php.mjs';
import { renderPythonOperations, renderPythonTypes } from './python.mjs';

/**
 * @param {import('./operations.mjs').Document} document
 * @returns {Map<string, string>} by path from the root of the repository
 */
export function clientFiles(document) {
  return new Map([
    ['clients/python/wa_gate/_operations.py', renderPythonOperations(document)],
    ['clients/python/wa_gate/types.py', renderPythonTypes(document)],
    ...[...renderPhp(document)].map(
      ([name, text]) => /** @type {[string, string]} */ ([`clients/php/src/Api/${name}`, text]),
    ),
  ]);
}
