import { expect, it } from 'vitest';

import { differences } from './newest';

const ours = {
	packages: {
		'': {},
		'node_modules/imapflow': { version: '2.10.2' },
		'node_modules/pino': { version: '10.3.1' },
		'node_modules/vitest': { version: '3.2.7', dev: true },
		'node_modules/mailparser/node_modules/nodemailer': { version: '10.3.1' },
	},
};

it('says of each package that users get another version than the tests had', () => {
	const theirs = {
		packages: {
			'': {},
			'node_modules/imapflow': { version: '2.11.0' },
			'node_modules/pino': { version: '10.4.0' },
			'node_modules/nodemailer': { version: '10.3.1' },
			'node_modules/fresh': { version: '1.0.0' },
		},
	};
	expect(differences(ours, theirs, ['imapflow'])).toEqual([
		'imapflow: locked 2.10.2, users get 2.11.0',
		'pino: locked 10.3.1, users get 10.4.0 (through another package)',
		'fresh: locked not at all, users get 1.0.0 (through another package)',
	]);
	expect(differences(ours, ours, [])).toEqual([]);
});
