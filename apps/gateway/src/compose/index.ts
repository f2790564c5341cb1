export type { AdministrationServices } from './administration.ts';
export { composeGateway, type Gateway } from './gateway.ts';
export type { WorkspaceServices } from './workspaces.ts';
