import { calendar } from './calendar';
import type { Target } from './drive';
import { form } from './form';
import { headers } from './headers';
import { imap } from './imap';
import { mail } from './mail';
import { people } from './people';
import { pop } from './pop';
import { smtp } from './smtp';

/** All that foreign text reaches, by the name that `npm run fuzz` knows it by. */
export const TARGETS: ReadonlyMap<string, Target> = new Map([
	['pop', pop],
	['smtp', smtp],
	['imap', imap],
	['mail', mail],
	['people', people],
	['headers', headers],
	['calendar', calendar],
	['form', form],
]);
