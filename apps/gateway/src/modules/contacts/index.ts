export { type ContactNames, createContactNames, type Recipient } from './contact-names.ts';
export { type ContactProfiles, createContactProfiles } from './contact-profiles.ts';
export { createContactsRepository } from './contacts.repository.ts';
export { type ContactsService, createContactsService } from './contacts.service.ts';
export { createNumberChecks, type NumberChecks } from './number-checks.ts';
export { type Person, readPeople } from './people.ts';
export { createPersons, type Persons } from './persons.ts';
