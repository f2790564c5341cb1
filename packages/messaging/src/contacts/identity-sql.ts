/**
 * SQL of the person (or group) behind a jid as JSON: `{contactId, phoneNumber, lid, jid, name}`. Of somebody who is no
 * contact yet, what the jid itself says. A subquery, so that it reads two rows by their keys whatever surrounds it.
 *
 * @param workspace SQL of the workspace's id
 * @param jid SQL of the jid
 */
export const identityOf = (workspace: string, jid: string): string => `coalesce(
      (SELECT jsonb_build_object('contactId', ic.id, 'phoneNumber', ic.phone_number, 'lid', ic.lid, 'jid', ${jid}, 'name', ic.name)
        FROM contact_identities ii JOIN contacts ic ON ic.id = ii.contact_id
        WHERE ii.workspace_id = ${workspace} AND ii.jid = ${jid}),
      jsonb_build_object('contactId', NULL,
        'phoneNumber', CASE WHEN ${jid} LIKE '%@s.whatsapp.net' THEN '+' || split_part(${jid}, '@', 1) END,
        'lid', CASE WHEN ${jid} LIKE '%@lid' THEN ${jid} END, 'jid', ${jid}, 'name', NULL))`;

/** SQL of a subquery: all jids of the person behind a jid, itself included. */
export const namesOf = (workspace: string, jid: string): string => `(SELECT ${jid} UNION
      SELECT other.jid FROM contact_identities own JOIN contact_identities other ON other.contact_id = own.contact_id
      WHERE own.workspace_id = ${workspace} AND own.jid = ${jid})`;

/**
 * SQL of a lateral subquery with the people of a message: `chat`, and `sender` where that is somebody else. `OFFSET 0`
 * keeps PostgreSQL from reading them once for each place that names them.
 */
export const peopleOf = (
  workspace: string,
  chat: string,
  from: string,
): string => `(SELECT ${identityOf(workspace, chat)} AS chat,
      CASE WHEN ${from} IS DISTINCT FROM ${chat} THEN ${identityOf(workspace, from)} END AS sender, ${chat} LIKE '%@g.us' AS is_group OFFSET 0)`;

/** SQL of the member `identities` of an event of a message. @param people alias of {@link peopleOf} */
export const identitiesAmong = (people: string): string => `jsonb_build_object('identities',
      jsonb_build_object('chat', ${people}.chat, 'from', coalesce(${people}.sender, ${people}.chat))
      || CASE WHEN ${people}.is_group THEN jsonb_build_object('participant', coalesce(${people}.sender, ${people}.chat)) ELSE '{}' END)`;
