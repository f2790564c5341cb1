export { createGroupPeople, type GroupPeople } from './group-people.ts';
export { createGroupsRepository } from './groups.repository.ts';
export { createGroupsService, type GroupsService, jidOfGroup } from './groups.service.ts';
export { presentGroups } from './present-groups.ts';
