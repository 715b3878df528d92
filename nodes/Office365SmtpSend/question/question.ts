import type { IDataObject } from 'n8n-workflow';

import { inputError } from '../../../mail/errors';
import { readMailboxes, sameAddress, type Mailbox } from '../../../mail/compose/addresses';
import { needed, RULES, type Rule } from '../../../mail/questions/deciding';
import { parsed, readForm, type FormField } from '../../../mail/questions/form';
import { choice, record, text, whole } from '../../parameters/parameterValues';
import { ACCENT } from '../answerPages/answerPage';

export const RESPONSE_TYPES = ['approval', 'freeText', 'customForm'] as const;

/** What the execution waits for, as in the built-in Send Email. Plain data, so that n8n can store it with the execution. */
export interface Question {
	responseType: (typeof RESPONSE_TYPES)[number];
	/** Buttons of an approval; without `decline` there is only one. */
	approve: Button;
	decline?: Button;
	subject: string;
	message: string;
	/** Texts of the page, if they differ from those of the email. */
	formTitle: string;
	formDescription: string;
	submitLabel: string;
	/** Label of the button in the email. */
	mailButton: string;
	thanks: string;
	/** #rrggbb */
	accent: string;
	/** As the user described them; {@link fieldsOf} returns what is shown. */
	fields: unknown[];
}

export interface Button {
	label: string;
	/** Filled, or only with a border. */
	primary: boolean;
}

/** People who each get a personal link. */
export interface People {
	mailboxes: Mailbox[];
	rule: Rule;
	/** Number of people for the rule `count`. */
	count: number;
}

export type Read = (name: string, fallback: unknown) => unknown;

/** @throws MailError `input` naming the field */
export function readQuestion(read: Read): Question {
	const responseType = choice(read('responseType', 'approval'), 'Response Type', RESPONSE_TYPES, 'approval');
	const approval = record(record(read('approvalOptions', {})).values);
	const options = record(read('options', {}));
	const double = choice(approval.approvalType, 'Type of Approval', ['single', 'double'], 'single') === 'double';
	const question: Question = {
		responseType,
		approve: {
			label: text(approval.approveLabel, 'Approve Button Label') || 'Approve',
			primary: approval.buttonApprovalStyle !== 'secondary',
		},
		...(double && {
			decline: {
				label: text(approval.disapproveLabel, 'Disapprove Button Label') || 'Decline',
				primary: approval.buttonDisapprovalStyle === 'primary',
			},
		}),
		subject: text(read('subject', ''), 'Subject').trim(),
		message: text(read('message', ''), 'Message')
			.replaceAll('\\n', '\n')
			.replace(/<br\s*\/?>/g, '\n')
			.trim(),
		formTitle: text(options.responseFormTitle, 'Response Form Title'),
		formDescription: text(options.responseFormDescription, 'Response Form Description'),
		submitLabel: text(options.responseFormButtonLabel, 'Response Form Button Label') || 'Submit',
		mailButton: text(options.messageButtonLabel, 'Message Button Label') || 'Respond',
		thanks: text(options.confirmationMessage, 'Confirmation Message') || 'You can close this page now.',
		accent: readAccent(text(options.accentColor, 'Accent Color')),
		fields: responseType === 'customForm' ? readFields(read) : [],
	};
	fieldsOf(question);
	return question;
}

/** Returns what the form of a question shows. @throws MailError `input` */
export function fieldsOf({ fields, responseType }: Pick<Question, 'fields' | 'responseType'>): FormField[] {
	return responseType === 'customForm' ? readForm(fields) : [];
}

function readFields(read: Read): unknown[] {
	const fromJson = choice(read('defineForm', 'fields'), 'Define Form', ['fields', 'json'], 'fields') === 'json';
	const given = fromJson ? parsed(read('jsonOutput', '')) : record(read('formFields', {})).values;
	// An error about a name uses the name that the parameter has.
	readForm(given, fromJson ? 'Form Fields' : 'Form Elements');
	return Array.isArray(given) ? given : [];
}

function readAccent(given: string): string {
	const colour = given.trim().toLowerCase();
	if (colour === '') return ACCENT;
	if (/^#[\da-f]{6}$/.test(colour)) return colour;
	throw inputError('Accent Color', `"${colour.slice(0, 40)}" is not a color.`, 'Enter a color such as #0f5ea8.');
}

/** Returns those of the option Approvers, or undefined if To Email has the people. @throws MailError `input` naming the field */
export async function readApprovers(read: Read, options: IDataObject): Promise<People | undefined> {
	if (options.approvers === undefined) return undefined;
	const given = record(record(options.approvers).values);
	const mailboxes = await readMailboxes('Approvers', given.emails ?? '');
	if (mailboxes.length === 0) throw inputError('Approvers', 'there is no address.', 'Enter at least one address, or remove the option.');
	const twice = mailboxes.find(({ address }, index) => mailboxes.findIndex((other) => sameAddress(other.address, address)) !== index);
	if (twice !== undefined)
		throw inputError('Approvers', `${twice.address} is in the list twice and would have two votes.`, 'Remove one of the two.');
	if (text(read('toEmail', ''), 'To Email').trim() !== '') {
		throw inputError(
			'To Email',
			'each approver gets an email with a personal link, which goes to nobody else.',
			'Leave To Email empty, or remove the option Approvers.',
		);
	}
	for (const [name, field] of [
		['ccEmail', 'CC Email'],
		['bccEmail', 'BCC Email'],
	] as const) {
		if (text(options[name], field).trim() !== '')
			throw inputError(
				field,
				'a copy would contain the personal link of an approver.',
				`Leave ${field} empty, or remove the option Approvers.`,
			);
	}
	const rule = choice(given.rule, 'Rule', RULES, 'all');
	const count = whole(given.neededAnswers, 'Needed Answers', 1, 1, 10_000);
	needed(rule, mailboxes.length, count);
	return { mailboxes, rule, count };
}
