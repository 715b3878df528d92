import { escapeHtml } from '../../../mail/escapeHtml';
import { inputName, megabytes } from '../../../mail/questions/formAnswer';
import type { FormField } from '../../../mail/questions/form';

/** What a form contains when it is shown again. */
export interface Returned {
	/** By the number of the field. */
	problems: ReadonlyMap<number, string>;
	entered: ReadonlyMap<number, string[]>;
}

/**
 * The fields of a form as HTML that needs no script. A hidden field is not on the page; its answer comes from the definition. The browser's
 * own checks are off, so that all problems are shown at once: beside their fields, and in a list above the fields with a link to each (WCAG
 * 2.2, techniques G83, G139).
 */
export function formFields(fields: readonly FormField[], returned?: Returned): string {
	const shown = fields.map((field, index) => (field.type === 'hiddenField' ? '' : fieldHtml(field, index, returned)));
	if (returned === undefined) return shown.join('\n');
	return `${problemList(fields, returned.problems)}${onceMore(fields, returned)}${shown.join('\n')}`;
}

/** What is empty when the form is shown again. */
function onceMore(fields: readonly FormField[], { problems }: Returned): string {
	const notes = [
		...(fields.some(({ type }) => type === 'file') ? ['Files have to be chosen again.'] : []),
		...(fields.some(({ type }) => type === 'password') ? ['Passwords have to be entered again.'] : []),
	];
	return notes.length === 0 ? '' : `<p class="hint again"${problems.size === 0 ? ' role="status"' : ''}>${notes.join(' ')}</p>`;
}

function problemList(fields: readonly FormField[], problems: ReadonlyMap<number, string>): string {
	if (problems.size === 0) return '';
	const lines = [...problems].map(
		([index, problem]) =>
			`<li><a href="#${targetOf(fields[index], index)}">${escapeHtml(fields[index]?.label ?? '')}</a>: ${escapeHtml(problem)}</li>`,
	);
	return (
		'<div class="problems" role="alert"><strong>Please check your answer. ' +
		`It has not been sent yet.</strong><ul>${lines.join('')}</ul></div>`
	);
}

/** The element that a link in the list moves the focus to. */
function targetOf(field: FormField | undefined, index: number): string {
	return field?.type === 'radio' || field?.type === 'checkbox' ? `${inputName(index)}-0` : inputName(index);
}

function fieldHtml(field: FormField, index: number, returned?: Returned): string {
	const problem = returned?.problems.get(index);
	const hint = hintOf(field);
	const name = inputName(index);
	const notes = [...(hint === '' ? [] : [`${name}-hint`]), ...(problem === undefined ? [] : [`${name}-problem`])];
	const described = notes.length === 0 ? '' : ` aria-describedby="${notes.join(' ')}"`;
	const state = `${described}${problem === undefined ? '' : ' aria-invalid="true"'}`;
	const below = [
		...(hint === '' ? [] : [`<p class="hint" id="${name}-hint">${escapeHtml(hint)}</p>`]),
		...(problem === undefined ? [] : [`<p class="wrong" id="${name}-problem">${escapeHtml(problem)}</p>`]),
	].join('');
	const values = returned?.entered.get(index) ?? field.initial;
	const title = `${escapeHtml(field.label)}${field.required || field.least > 0 ? '' : ' (optional)'}`;
	if (field.type === 'radio' || field.type === 'checkbox') {
		return `<fieldset class="field"${state}><legend>${title}</legend>${choicesHtml(field, name, values)}${below}</fieldset>`;
	}
	return `<div class="field"><label for="${name}">${title}</label>${controlHtml(field, name, values, state)}${below}</div>`;
}

function hintOf(field: FormField): string {
	if (field.type === 'file') {
		const which = field.accept.length === 0 ? '' : `${field.accept.join(', ')}; `;
		return `${which}${field.several ? 'several files, each' : 'one file,'} at most ${megabytes(field.largest)} MB`;
	}
	if (field.type !== 'checkbox' || (field.least === 0 && field.most >= field.choices.length)) return '';
	return field.least === field.most ? `Select exactly ${field.least}` : `Select ${field.least} to ${field.most}`;
}

function choicesHtml({ choices, type }: FormField, name: string, values: readonly string[]): string {
	return choices
		.map((choice, at) => {
			const id = `${name}-${at}`;
			return (
				`<label class="choice" for="${id}"><input type="${type}" id="${id}" name="${name}" ` +
				`value="${escapeHtml(choice)}"${values.includes(choice) ? ' checked' : ''}>${escapeHtml(choice)}</label>`
			);
		})
		.join('');
}

function controlHtml(field: FormField, name: string, values: readonly string[], state: string): string {
	const { choices, placeholder, several, type } = field;
	const common = `id="${name}" name="${name}"${field.required ? ' aria-required="true"' : ''}${state}`;
	const sample = placeholder === '' ? '' : ` placeholder="${escapeHtml(placeholder)}"`;
	const value = escapeHtml(values[0] ?? '');
	switch (type) {
		case 'textarea':
			// Browsers drop a line break directly after the tag, so a line break that belongs to the text needs one before it.
			return `<textarea ${common} rows="5"${sample}>\n${value}</textarea>`;
		case 'dropdown': {
			const none = several ? '' : '<option value="">Choose one</option>';
			const options = choices.map((one) => {
				const text = escapeHtml(one);
				return `<option value="${text}"${values.includes(one) ? ' selected' : ''}>${text}</option>`;
			});
			return `<select ${common}${several ? ' multiple' : ''}>${none}${options.join('')}</select>`;
		}
		case 'file':
			return (
				'<input type="file" ' +
				`${common}${several ? ' multiple' : ''}${field.accept.length === 0 ? '' : ` accept="${escapeHtml(field.accept.join(','))}"`}>`
			);
		case 'number':
			return `<input type="text" inputmode="decimal" ${common}${sample} value="${value}">`;
		case 'password':
			return `<input type="password" autocomplete="off" ${common}${sample}>`;
		default:
			return `<input type="${type}"${type === 'email' ? ' autocomplete="email"' : ''} ${common}${sample} value="${value}">`;
	}
}
