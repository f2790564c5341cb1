import { type JournalHalf, journalContext, SESSION_KEYS_BOX, sessionKeyContext } from '@wa-gate/cluster';
import { MESSAGE_KEY_BOX } from '@wa-gate/db';
import { PROXY_BOX, proxyContext } from '@wa-gate/egress';
import { MAIL_BOX, mailContext } from '../../modules/mail/index.ts';
import { configurationContext, secretContext, WEBHOOK_SECRETS_BOX } from '../../modules/webhooks/index.ts';

/** A row as far as sealing is concerned: its key, and what its context is made of. */
export type SealedRow = Record<string, unknown>;

/** A column that holds sealed values. */
export interface SealedColumn {
  table: string;
  column: string;
  /** The purpose of the box. */
  box: string;
  /** The primary key, with the types of its columns. */
  key: Readonly<Record<string, 'uuid' | 'text' | 'bytea' | 'int'>>;
  /** Columns that the context needs besides. */
  also?: readonly string[];
  context: (row: SealedRow) => string;
}

const text = (row: SealedRow, column: string): string => String(row[column]);

const journalHalf = (half: JournalHalf): SealedColumn => ({
  table: 'inbound_journal',
  column: half,
  box: SESSION_KEYS_BOX,
  key: { session_id: 'uuid', hash: 'bytea' },
  context: (row) => journalContext(text(row, 'session_id'), half, row.hash as Buffer),
});

const webhookSecret = (column: 'secret' | 'previous_secret'): SealedColumn => ({
  table: 'webhooks',
  column,
  box: WEBHOOK_SECRETS_BOX,
  key: { id: 'uuid' },
  also: ['session_id', 'endpoint_id'],
  context: (row) => secretContext(text(row, row.session_id === null ? 'endpoint_id' : 'session_id')),
});

/**
 * All columns that are sealed under the master key, except the check of the key itself. A sealed column that is missing
 * here is lost when an old key is removed. A test compares the list with the boxes that the code makes.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'session_keys',
    column: 'value',
    box: SESSION_KEYS_BOX,
    key: { session_id: 'uuid', kind: 'text', key_id: 'text' },
    context: (row) => sessionKeyContext(text(row, 'session_id'), text(row, 'kind'), text(row, 'key_id')),
  },
  journalHalf('stanza'),
  journalHalf('plaintext'),
  webhookSecret('secret'),
  webhookSecret('previous_secret'),
  {
    table: 'webhooks',
    column: 'configuration',
    box: WEBHOOK_SECRETS_BOX,
    key: { id: 'uuid' },
    also: ['endpoint_id'],
    context: (row) => configurationContext(text(row, 'endpoint_id')),
  },
  {
    table: 'session_connections',
    column: 'proxy',
    box: PROXY_BOX,
    key: { session_id: 'uuid' },
    context: (row) => proxyContext(text(row, 'session_id')),
  },
  {
    table: 'mails',
    column: 'content',
    box: MAIL_BOX,
    key: { id: 'uuid' },
    context: (row) => mailContext(text(row, 'id')),
  },
  {
    table: 'installation',
    column: 'message_key',
    box: MESSAGE_KEY_BOX,
    key: { id: 'int' },
    context: () => MESSAGE_KEY_BOX,
  },
];
