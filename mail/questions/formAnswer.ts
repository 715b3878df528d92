import type { FormField } from './form';

/** A file of an answer, as n8n's multipart parser provides it. */
export interface PostedFile {
	path: string;
	name: string;
	mimeType: string;
	size: number;
}

export interface Judged {
	/** By field name. For files, see {@link Judged.files}. */
	values: Map<string, string | number | string[] | null>;
	/** By field name. */
	files: Map<string, PostedFile[]>;
	/** What is wrong, by the number of the field. Empty if the answer is accepted. */
	problems: Map<number, string>;
	/** What the person entered, by the number of the field, so that the page can show it again. */
	entered: Map<number, string[]>;
}

const LONGEST_LINE = 10_000;
const LONGEST_TEXT = 100_000;

/** The name of the field with this number on the page, as in n8n's own forms. No name from outside ever becomes a key. */
export const inputName = (index: number): string => `field-${index}`;

/**
 * Checks a posted form, field by field. A value that is not text, such as what `field-0[a]=1` creates, counts as missing. Fields that are
 * not in the form are ignored.
 */
export function judge(
	fields: readonly FormField[],
	posted: ReadonlyMap<string, unknown>,
	files: ReadonlyMap<string, PostedFile[]>,
): Judged {
	const judged: Judged = { values: new Map(), files: new Map(), problems: new Map(), entered: new Map() };
	for (const [index, field] of fields.entries()) {
		if (field.type === 'file') {
			const given = files.get(inputName(index)) ?? [];
			const problem = problemOfFiles(field, given);
			if (problem !== undefined) judged.problems.set(index, problem);
			judged.files.set(field.name, given);
			continue;
		}
		// The value of a hidden field comes only from the definition, whatever the browser sends.
		const given = field.type === 'hiddenField' ? field.initial : texts(posted.get(inputName(index)), field);
		judged.entered.set(index, given);
		const problem = field.type === 'hiddenField' ? undefined : problemOf(field, given);
		if (problem === undefined) judged.values.set(field.name, valueOf(field, given));
		else judged.problems.set(index, problem);
	}
	return judged;
}

function texts(value: unknown, field: FormField): string[] {
	const list: unknown[] = Array.isArray(value) ? (field.several ? value : []) : [value];
	const given = list
		.filter((one) => typeof one === 'string')
		.map((one) => (field.type === 'textarea' || field.type === 'password' ? one : one.trim()))
		.map((one) => field.choices.find((choice) => withLf(choice) === withLf(one)) ?? one);
	return [...new Set(given)].filter((one) => one !== '');
}

/** Browsers send each line break as CR LF (HTML, section 4.10.21.8). */
function withLf(text: string): string {
	return text.replace(/\r\n?/g, '\n');
}

function problemOf(field: FormField, given: string[]): string | undefined {
	if (given.length === 0) return field.required || field.least > 0 ? missing(field) : undefined;
	if (field.choices.length > 0) return problemOfChoices(field, given);
	const [value = ''] = given;
	const longest = field.type === 'textarea' ? LONGEST_TEXT : LONGEST_LINE;
	if (value.length > longest) return `Use at most ${longest.toLocaleString('en')} characters.`;
	switch (field.type) {
		case 'number':
			if (GROUPED.test(value) && !isDefaultNumber(field, value))
				return 'Enter the number without a mark between the thousands, for example 1000.';
			return numberOf(value) === undefined ? 'Enter a number, for example 12 or 12.5.' : undefined;
		case 'date':
			return isDate(value) ? undefined : 'Enter a date that exists, as year-month-day, for example 2026-03-31.';
		case 'email':
			return isEmail(value) ? undefined : 'Enter an email address, for example ada@example.com.';
		default:
			return undefined;
	}
}

function missing(field: FormField): string {
	if (field.type === 'checkbox') return field.least > 1 ? howMany(field) : 'Select at least one.';
	return field.choices.length > 0 ? 'Choose one.' : 'Fill in this field.';
}

function problemOfChoices(field: FormField, given: string[]): string | undefined {
	if (given.some((one) => !field.choices.includes(one))) return 'Choose one of the options.';
	return field.type === 'checkbox' && (given.length < field.least || given.length > field.most) ? howMany(field) : undefined;
}

function howMany({ least, most }: FormField): string {
	if (least === most) return `Select exactly ${least}.`;
	return least === 0 ? `Select at most ${most}.` : `Select ${least} to ${most}.`;
}

function problemOfFiles(field: FormField, given: PostedFile[]): string | undefined {
	if (given.length === 0) return field.required ? 'Choose a file.' : undefined;
	if (given.length > 1 && !field.several) return 'Choose one file only.';
	const large = given.find(({ size }) => size > field.largest);
	if (large !== undefined)
		return `The file "${large.name.slice(0, 100)}" is too large: at most ${megabytes(field.largest)} MB are accepted.`;
	const other = given.find((file) => !accepts(field.accept, file));
	return other === undefined
		? undefined
		: `Files such as "${other.name.slice(0, 100)}" are not accepted here. Choose ${field.accept.join(', ')}.`;
}

export function megabytes(bytes: number): string {
	return (bytes / 1024 / 1024).toLocaleString('en', { maximumFractionDigits: 2 });
}

/** What the file dialog of a browser would accept: by extension, by type, or by the first half of a type. */
function accepts(accept: readonly string[], { name, mimeType }: PostedFile): boolean {
	const type = mimeType.toLowerCase();
	return (
		accept.length === 0 ||
		accept.some((one) =>
			one.includes('/') ? type === one || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))) : name.toLowerCase().endsWith(one),
		)
	);
}

/** "1,000" and "1.000" are one in some countries and a thousand in others. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+$/;

/** A default value that comes back as n8n writes a number, such as 1.125. Text such as 1.000 may mean a thousand. */
function isDefaultNumber({ initial: [first] }: FormField, value: string): boolean {
	return value === first && String(Number(value)) === value;
}

/** Browsers post numbers with a point. People without one may type a comma. */
function numberOf(value: string): number | undefined {
	if (value.length > 40 || !/^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d{1,3})?$/i.test(value)) return undefined;
	const number = Number(value.replace(',', '.'));
	return Number.isFinite(number) ? number : undefined;
}

function isDate(value: string): boolean {
	if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
	const day = new Date(`${value}T00:00:00Z`);
	return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

/** Checked as browsers do (HTML, section 4.10.5.1.5), and with a dot in the domain. */
function isEmail(value: string): boolean {
	if (value.length > 254) return false;
	const at = value.lastIndexOf('@');
	const labels = value.slice(at + 1).split('.');
	return (
		at > 0 &&
		/^[\w.!#$%&'*+/=?^`{|}~-]+$/.test(value.slice(0, at)) &&
		labels.length > 1 &&
		labels.every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(label))
	);
}

function valueOf(field: FormField, given: string[]): string | number | string[] | null {
	if (field.several) return given;
	const [value] = given;
	if (value === undefined) return field.type === 'number' || field.type === 'date' ? null : '';
	return field.type === 'number' ? (numberOf(value) ?? null) : value;
}
