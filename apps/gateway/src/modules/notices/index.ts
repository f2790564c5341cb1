export { NOTICE_ENVIRONMENT } from './environment.ts';
export { INCIDENT_COLUMNS, INCIDENT_TABLES, type Incident } from './incident.ts';
export { readNoticeSettings } from './notice-settings.ts';
export { noticeText } from './notice-text.ts';
export { createNoticesService, type NoticesService } from './notices.service.ts';
export { administratorAddresses, recipientsOf } from './recipients.ts';
