import type { Mail } from '../../modules/mail/index.ts';
import { type Incident, noticeText } from '../../modules/notices/index.ts';

/** An incident that begins or ends in a mail. */
export interface MailedIncident {
  incident: Incident;
  step: 'begun' | 'resolved';
}

function block({ incident, step }: MailedIncident, publicUrl: string | undefined): string {
  const { title, reason, action, link } = noticeText(incident, publicUrl);
  const since = incident.beganAt.toISOString();
  if (step === 'resolved') {
    return `${title}: this is over.\nIt began at ${since} and ended at ${(incident.endedAt ?? incident.beganAt).toISOString()}.`;
  }
  return [title, `Since ${since}: ${reason}`, '', `What to do: ${action}`, ...(link === null ? [] : ['', link])].join(
    '\n',
  );
}

function subjectOf(incidents: readonly MailedIncident[], publicUrl: string | undefined): string {
  const [first] = incidents;
  if (incidents.length > 1 || !first) return `wa-gate: ${incidents.length} notices`;
  const { title } = noticeText(first.incident, publicUrl);
  return first.step === 'resolved' ? `wa-gate: over: ${title}` : `wa-gate: ${title}`;
}

const PAUSE = `\n\n${'-'.repeat(40)}\n\n`;

/** One mail for all that happened at about one time. A link is alone on its line. */
export function noticeMail(
  to: string,
  incidents: readonly MailedIncident[],
  { publicUrl, settings }: { publicUrl: string | undefined; settings: string },
): Mail {
  const blocks = incidents.map((incident) => block(incident, publicUrl)).join(PAUSE);
  return {
    to,
    subject: subjectOf(incidents, publicUrl),
    text: `${blocks}\n\nTo get no such mails: ${settings} with {"mail": false}.\n\n-- \nwa-gate\n`,
  };
}
