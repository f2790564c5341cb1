import type { OperationEntry } from './operation.ts';

/**
 * Reads what `OPERATIONS` says of an operation. It is one text, such as `GET /api/sessions list=sessions:page`, because
 * a page in a browser loads the whole table before its first call. The method and the path come first, then what the
 * operation has: `type=` of the body, `key` where an `Idempotency-Key` is taken, `list=` with the items and how the
 * pages go on, and the answer where it is not the `data` of the envelope.
 */
export function readOperation(line: string): OperationEntry {
  const [method = '', path = '', ...facts] = line.split(' ');
  const entry: OperationEntry = { method, path };
  for (const fact of facts) {
    const [name, value = ''] = fact.split('=');
    const [items = '', by] = value.split(':');
    if (name === 'type') entry.type = value;
    else if (name === 'key') entry.takesKey = true;
    else if (name === 'list') entry.paging = { items, by: by as NonNullable<OperationEntry['paging']>['by'] };
    else entry.answer = name as NonNullable<OperationEntry['answer']>;
  }
  return entry;
}
