/** What is deleted as a whole: its row is gone at once, and what belongs to it is erased in parts. */
export const DELETION_KINDS = ['session', 'workspace', 'user', 'webhook'] as const;
export type DeletionKind = (typeof DELETION_KINDS)[number];

/** A table whose rows are erased with what they belong to. */
export interface ErasedTable {
  table: string;
  /** The column with the id of the subject. */
  subject: string;
  /**
   * The columns after it in the index that finds the rows, with their types. Rows are erased in their order, so that no
   * statement begins again at what the ones before it have left behind.
   */
  order: readonly (readonly [column: string, type: string])[];
}

const ofSession = (table: string, ...order: ErasedTable['order']): ErasedTable => ({
  table,
  subject: 'session_id',
  order,
});
const ofWorkspace = (table: string, ...order: ErasedTable['order']): ErasedTable => ({
  table,
  subject: 'workspace_id',
  order,
});

/**
 * The tables without a foreign key to their subject, which therefore do not go with its row. Secrets come first. A row
 * that another one names goes before that one, so that the rules of the tables (invariants) hold at every moment.
 * Triggers of `messages` take what belongs to a message; the tables after it find what they have missed. Other tables
 * go with the row of the subject, by a foreign key: what they hold is bounded by a sweep or a limit. A test compares.
 */
export const ERASED_TABLES: Readonly<Record<DeletionKind, readonly ErasedTable[]>> = {
  session: [
    ofSession('session_keys', ['kind', 'text'], ['key_id', 'text']),
    ofSession('inbound_journal', ['hash', 'bytea']),
    ofSession('media_uploads', ['sha256', 'bytea'], ['media_type', 'text']),
    ofSession('idempotency_keys', ['key', 'text']),
    ofSession('session_contacts', ['jid', 'text']),
    ofSession('contact_merges', ['id', 'bigint']),
    ofSession('person_notices'),
    ofSession('chat_timers', ['chat_jid', 'text']),
    ofSession('chat_settings', ['jid', 'text']),
    ofSession('wa_label_assignments', ['label_id', 'text'], ['chat_jid', 'text'], ['wa_message_id', 'text']),
    ofSession('wa_labels', ['label_id', 'text']),
    ofSession('starred_messages', ['chat_jid', 'text'], ['wa_message_id', 'text'], ['from_me', 'boolean']),
    ofSession('settings_progress', ['collection', 'text']),
    ofSession('chats', ['jid', 'text']),
    ofSession('groups', ['jid', 'text']),
    ofSession('message_index_progress'),
    ofSession('message_index_waiting', ['message_id', 'uuid']),
    ofSession('message_search', ['message_id', 'uuid']),
    ofSession('media', ['id', 'uuid']),
    ofSession('media_downloads', ['not_before', 'timestamptz'], ['media_id', 'uuid']),
    ofSession('resumable_uploads', ['id', 'uuid']),
    ofSession('messages', ['id', 'uuid']),
    ofSession('message_changes', ['wa_message_id', 'text'], ['from_me', 'boolean']),
    ofSession('outbox', ['wa_message_id', 'text'], ['message_id', 'uuid']),
    ofSession('message_keys', ['chat_jid', 'text'], ['from_me', 'boolean'], ['wa_message_id', 'text']),
    ofSession('calls', ['call_id', 'text']),
    ofSession('phone_messages', ['wa_message_id', 'text']),
    ofSession('message_chat_statistics', ['unit', 'text'], ['begins_on', 'date'], ['chat_jid', 'text']),
    ofSession(
      'rule_firings',
      ['chat', 'text'],
      ['created_at', 'timestamptz'],
      ['message_id', 'uuid'],
      ['rule_id', 'uuid'],
    ),
    ofSession('events', ['seq', 'bigint']),
  ],
  workspace: [
    ofWorkspace('contacts', ['id', 'uuid']),
    ofWorkspace('contact_mappings', ['number_jid', 'text'], ['lid', 'text']),
    ofWorkspace('number_checks', ['number', 'text']),
    ofWorkspace('contact_profiles', ['jid', 'text']),
    ofWorkspace('media', ['id', 'uuid']),
    ofWorkspace('resumable_uploads', ['id', 'uuid']),
  ],
  user: [
    {
      table: 'message_usage',
      subject: 'user_id',
      order: [
        ['hour', 'timestamptz'],
        ['session_id', 'uuid'],
        ['api_key_id', 'uuid'],
        ['direction', '"MessageDirection"'],
      ],
    },
  ],
  webhook: [
    {
      table: 'webhook_deliveries',
      subject: 'webhook_id',
      order: [
        ['seq', 'bigint'],
        ['session_id', 'uuid'],
      ],
    },
  ],
};
