import { inputError, type MailError } from '../../../mail/errors';
import { isBlank, text } from '../../parameters/parameterValues';

interface HeaderRow {
	name: string;
	value: string;
}

const FIELD = 'Headers';
/** Of lists in one another. */
const DEEPEST = 4;

/**
 * Reads the option Headers: the rows of the form, `{ name, value }`, an object with the names and values of headers, a list of either, or
 * JSON text of any of these. A row that nobody has filled in is not set.
 * @throws MailError `input`
 */
export function headerRows(given: unknown): HeaderRow[] {
	return rowsOf(given, 0).filter(({ name, value }) => name !== '' || value.trim() !== '');
}

function rowsOf(given: unknown, depth: number): HeaderRow[] {
	// An expression such as `{{ $json.headers ?? false }}` may switch them off.
	if (isBlank(given) || given === false) return [];
	if (depth > DEEPEST) throw wrong();
	if (Array.isArray(given)) return given.flatMap((one: unknown) => rowsOf(one, depth + 1));
	if (typeof given === 'string') return rowsOf(parsed(given), depth + 1);
	if (typeof given !== 'object' || given === null) throw wrong();
	const parts = new Map<string, unknown>(Object.entries(given));
	if (parts.size === 1 && parts.has('header')) return rowsOf(parts.get('header'), depth + 1);
	if (parts.has('name') || parts.has('value')) return [row(parts.get('name'), parts.get('value'))];
	return [...parts].filter(([, value]) => !isBlank(value)).map(([name, value]) => row(name, value));
}

function row(name: unknown, value: unknown): HeaderRow {
	return { name: text(name, FIELD).trim(), value: text(value, FIELD) };
}

function parsed(given: string): unknown {
	try {
		const json: unknown = JSON.parse(given);
		if (typeof json === 'object') return json;
	} catch {
		// The error below names the field.
	}
	throw wrong();
}

function wrong(): MailError {
	return inputError(
		FIELD,
		'the value has no names and values of headers.',
		'Use rows of the form, or an expression that returns an object like { "X-Order-ID": "17" }.',
	);
}
