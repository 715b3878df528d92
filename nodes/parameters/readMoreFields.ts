import type { INodeProperties } from 'n8n-workflow';

import type { More } from '../../mail/item/readMore/readMore';
import { MailError } from '../../mail/errors';

/** Further fields that all nodes that return emails can read. */
export const readMoreOption: INodeProperties = {
	displayName: 'Read More From Emails',
	name: 'readMore',
	type: 'multiOptions',
	options: [
		{
			name: 'Bounces',
			value: 'bounces',
			description:
				'Adds the field bounce with failed recipients, status, reason and the ID of the original message, and the field ' +
				'receipt for read receipts',
		},
		{
			name: 'Calendar',
			value: 'calendar',
			description: 'Adds the field calendar with the details of an invitation, update, cancellation or response',
		},
		{
			name: 'Markdown',
			value: 'markdown',
			description: 'Adds the field markdown with the body as compact Markdown, for example for AI agents',
		},
		{ name: 'Nested Emails', value: 'nestedMails', description: 'Adds the field nestedMails with the fields of attached emails' },
		{
			name: 'Outlook Files',
			value: 'outlookFiles',
			description: 'Unpacks winmail.dat and attached .msg files into attachments and fields',
		},
	],
	default: [],
	description: 'What to read from emails besides the usual fields. It has no effect with the format RAW.',
};

const ALL: More[] = ['bounces', 'calendar', 'markdown', 'nestedMails', 'outlookFiles'];

/** Values that were chosen, or that an expression returns as a list or comma-separated. @throws MailError `input` */
export function readMoreOf(value: unknown): More[] {
	if (value === undefined || value === null || value === '') return [];
	const given: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value];
	return given.map((one) => {
		const known = ALL.find((each) => typeof one === 'string' && each === one.trim());
		if (known !== undefined) return known;
		throw new MailError(`Read More From Emails has a value that does not exist: ${JSON.stringify(one)?.slice(0, 60)}.`, {
			code: 'input',
			field: 'Read More From Emails',
			remedy: `Choose from the list, or use one or more of ${ALL.join(', ')}.`,
		});
	});
}
