export { advanceBroadcast, openBroadcasts } from './advance.ts';
export { withdrawFrom } from './broadcast-changes.ts';
export { presentTemplate } from './broadcast-row.ts';
export { type BroadcastsService, createBroadcastsService } from './broadcasts.service.ts';
export { createRecipientSources, type RecipientSources } from './recipient-sources.ts';
export { type BroadcastReports, createBroadcastReports } from './report.ts';
export { render } from './template.ts';
