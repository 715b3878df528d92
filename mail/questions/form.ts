import { inputError } from '../errors';
import { DEFAULT_LARGEST } from './fileSize';

const FIELD_TYPES = [
	'text',
	'textarea',
	'number',
	'date',
	'dropdown',
	'radio',
	'checkbox',
	'email',
	'file',
	'hiddenField',
	'password',
] as const;
type FieldType = (typeof FIELD_TYPES)[number];

/** One field of a form, as the page shows it and as its answer is checked. */
export interface FormField {
	/** Name of the answer in the output. */
	name: string;
	label: string;
	type: FieldType;
	required: boolean;
	placeholder: string;
	/** Initial value; for a hidden field, its answer. */
	initial: string[];
	/** The options; empty if the field has none. */
	choices: string[];
	/** Whether more than one option or file is allowed. */
	several: boolean;
	/** Limits for the number of ticked checkboxes. */
	least: number;
	most: number;
	/** Extensions such as ".pdf" and types such as "image/*"; empty accepts all files. */
	accept: string[];
	/** Bytes for each file. */
	largest: number;
}

const WHERE = 'Form Elements';
const MOST_FIELDS = 100;
const MEGABYTE = 1024 * 1024;

/**
 * Reads the form from a list of fields, with the names of n8n's own forms.
 * @throws MailError `input` naming the field, so that nothing is sent if nobody could answer the form
 */
export function readForm(list: unknown, where = WHERE): FormField[] {
	if (!Array.isArray(list) || list.length === 0) throw inputError(where, 'the form has no fields.', 'Add at least one form element.');
	if (list.length > MOST_FIELDS) throw inputError(where, `the form has ${list.length} fields.`, `Use at most ${MOST_FIELDS}.`);
	const given: unknown[] = list;
	const fields = given.map((one, index) => readField(one, `${where}, element ${index + 1}`));
	const seen = new Set<string>();
	const files = new Map<string, string>();
	for (const { name, type } of fields) {
		// Letters of every script tell names apart.
		const key = name.replace(/[^\p{L}\p{M}\p{N}_]/gu, '_').toLowerCase();
		if (seen.has(key))
			throw inputError(
				where,
				`two fields are called "${short(name)}", so one answer would replace the other.`,
				'Give each field a different name.',
			);
		seen.add(key);
		if (type !== 'file') continue;
		const property = binaryName(name);
		const other = files.get(property.toLowerCase());
		if (other !== undefined)
			throw inputError(
				where,
				`the files of "${short(other)}" and "${short(name)}" would both be called "${short(property)}" in the output.`,
				'Enter another Field Name for one of them, with Latin letters or digits.',
			);
		files.set(property.toLowerCase(), name);
	}
	return fields;
}

/** Reads the form from JSON: a list of fields, as text or as an expression returns it. @throws MailError `input` */
export function readJsonForm(json: unknown, where = 'Form Fields'): FormField[] {
	return readForm(parsed(json, where), where);
}

/** Reads what {@link readForm} needs from JSON. @throws MailError `input` */
export function parsed(json: unknown, where = 'Form Fields'): unknown {
	if (typeof json !== 'string') return json;
	try {
		return JSON.parse(json);
	} catch (error) {
		throw inputError(
			where,
			`this is not valid JSON: ${error instanceof Error ? short(error.message) : 'it cannot be read'}.`,
			'Enter a list of fields such as [{ "fieldLabel": "Name", "fieldType": "text" }].',
		);
	}
}

/** The binary property for a file field, with the name of n8n's own forms. */
export function binaryName(name: string): string {
	return name.replace(/\W/g, '_');
}

function readField(one: unknown, where: string): FormField {
	const given = new Map<string, unknown>(typeof one === 'object' && one !== null && !Array.isArray(one) ? Object.entries(one) : []);
	const word = (name: string): string => words(given.get(name), where).trim();
	const type = typeOf(word('fieldType'), where);
	const name = word('fieldName') || word('fieldLabel');
	const label = word('fieldLabel') || name;
	if (name === '') throw inputError(where, 'the field has no name.', 'Enter a label.');
	// Both are names that the output uses itself, and names that JavaScript objects already have.
	if (['respondedAt', 'approved', 'answers', 'timedOut', '__proto__'].includes(name))
		throw inputError(where, `"${name}" cannot be the name of a field.`, 'Enter another name.');
	const choices = type === 'dropdown' || type === 'radio' || type === 'checkbox' ? readChoices(given.get('fieldOptions'), where) : [];
	const several =
		type === 'checkbox' ||
		(type === 'dropdown' && given.get('multiselect') === true) ||
		(type === 'file' && given.get('multipleFiles') !== false);
	const field: FormField = {
		name,
		label,
		type,
		required: given.get('requiredField') === true || given.get('requiredField') === 'true',
		placeholder: word('placeholder'),
		initial: readInitial(type === 'hiddenField' ? given.get('fieldValue') : given.get('defaultValue'), { type, choices, several }, where),
		choices,
		several,
		...readBounds(given, type, choices.length, where),
		accept:
			type === 'file'
				? word('acceptFileTypes')
						.split(',')
						.map((entry) => entry.trim().toLowerCase())
						.filter((entry) => entry !== '')
						.map(asAccepted)
				: [],
		largest: Math.floor(number(given.get('maxFileSize'), DEFAULT_LARGEST, `${where}, Largest File (MB)`) * MEGABYTE),
	};
	if (field.type === 'file' && field.largest < 1)
		throw inputError(where, 'the size must be above 0 MB.', 'Enter the maximum size of a file in megabytes.');
	for (const value of choices.length > 0 ? field.initial : []) {
		if (!choices.includes(value))
			throw inputError(
				where,
				`the default value "${short(value)}" is not among the options.`,
				'Enter one of the options exactly as it is written.',
			);
	}
	return field;
}

function typeOf(given: string, where: string): FieldType {
	const type = FIELD_TYPES.find((one) => one === (given === '' ? 'text' : given));
	if (type !== undefined) return type;
	if (given === 'html')
		throw inputError(where, 'custom HTML is not shown on this page.', 'Move the text to the message, and remove this element.');
	throw inputError(where, `"${short(given)}" is not a type of field.`, `Use one of: ${FIELD_TYPES.join(', ')}.`);
}

function readChoices(given: unknown, where: string): string[] {
	const inner: unknown = typeof given === 'object' && given !== null && 'values' in given ? given.values : given;
	const list: unknown[] = Array.isArray(inner) ? inner : [];
	const choices = list
		.map((one) => words(typeof one === 'object' && one !== null && 'option' in one ? one.option : one, where).trim())
		.filter((one) => one !== '');
	if (choices.length === 0) throw inputError(where, 'there are no options.', 'Add at least one option.');
	const twice = choices.find((one, index) => choices.indexOf(one) !== index);
	if (twice !== undefined) throw inputError(where, `the option "${short(twice)}" is in the list twice.`, 'Remove one of them.');
	return choices;
}

/** Returns several values from a list, or from comma-separated text if several can be chosen. An option may have a comma itself. */
function readInitial(given: unknown, { type, choices, several }: Pick<FormField, 'type' | 'choices' | 'several'>, where: string): string[] {
	if (type === 'file' || type === 'password') return [];
	const isSplit = several && !Array.isArray(given) && !choices.includes(words(given, where).trim());
	const list: unknown[] = Array.isArray(given) ? given : isSplit ? words(given, where).split(',') : [given];
	const values = list.map((one) => words(one, where)).map((one) => (type === 'textarea' || type === 'hiddenField' ? one : one.trim()));
	return values.filter((one) => one !== '').map((one) => (type === 'date' ? one.slice(0, 10) : one));
}

function readBounds(given: ReadonlyMap<string, unknown>, type: FieldType, count: number, where: string): Pick<FormField, 'least' | 'most'> {
	const all = { least: 0, most: count };
	if (type !== 'checkbox') return all;
	const bounds =
		new Map([
			['exact', { least: number(given.get('numberOfSelections'), 1, where), most: number(given.get('numberOfSelections'), 1, where) }],
			['range', { least: number(given.get('minSelections'), 0, where), most: number(given.get('maxSelections'), 1, where) }],
		]).get(words(given.get('limitSelection'), where)) ?? all;
	if (bounds.least > bounds.most || bounds.least > count) {
		throw inputError(
			where,
			`nobody can select at least ${bounds.least} and at most ${bounds.most} of ${count} checkboxes.`,
			'Change the numbers.',
		);
	}
	return bounds;
}

/** Returns an extension as browsers expect it: "pdf" means ".pdf". */
function asAccepted(entry: string): string {
	return entry.includes('/') || entry.startsWith('.') ? entry : `.${entry}`;
}

function number(value: unknown, fallback: number, where: string): number {
	const given = value === undefined || value === null || value === '' ? fallback : Number(value);
	if (!Number.isFinite(given) || given < 0) throw inputError(where, `"${short(String(value))}" is not a number from 0.`, 'Enter a number.');
	return given;
}

function words(value: unknown, where: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value === 'string') return value;
	if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return value.toString();
	throw inputError(where, 'the expression returns an object or a list instead of text.', 'Use one of its fields in the expression.');
}

function short(value: string): string {
	return value.slice(0, 100);
}
