import { escapeHtml } from '../../../mail/escapeHtml';
import type { Judged } from '../../../mail/questions/formAnswer';
import { page } from './answerPage';
import { formFields } from './formHtml';
import { fieldsOf, type Question } from '../question/question';

/** What the page contains when it is shown again. */
export interface Returned {
	judged?: Judged;
	/** What is wrong with the code, or empty; undefined if no code is required. */
	slip?: string;
	/** What was written, and what is wrong with it. */
	text?: string;
	textProblem?: string;
}

export const IN_THE_MAIL = 'The question is in the email that brought you here.';

/** Shows the question with the means to answer it. */
export function questionPage(question: Question, approved: boolean, { judged, slip, text = '', textProblem }: Returned = {}): string {
	const { responseType, approve, decline, subject, message, formTitle, formDescription, submitLabel, accent } = question;
	const code = slip === undefined ? {} : { after: codeField(slip), second: NEW_CODE };
	if (responseType === 'approval') {
		return page({
			title: subject || 'Your answer',
			message: message || IN_THE_MAIL,
			form: { button: (approved ? approve : decline)?.label ?? 'Decline', ...code },
			accent,
		});
	}
	const form =
		responseType === 'freeText'
			? { textarea: text, ...(textProblem !== undefined && { textProblem }) }
			: { fields: formFields(fieldsOf(question), judged), multipart: true };
	return page({
		title: formTitle || subject || 'Your answer',
		message: formDescription || message || IN_THE_MAIL,
		form: { button: submitLabel, ...form, ...code },
		accent,
	});
}

function codeField(problem: string): string {
	const state =
		problem === '' ? ' aria-describedby="code-hint"' : ' aria-describedby="code-hint code-problem" aria-invalid="true" autofocus';
	const wrong = problem === '' ? '' : `<p class="wrong" id="code-problem" role="alert">${escapeHtml(problem)}</p>`;
	return (
		'<div class="field"><label for="code">Code from the email</label><input type="text" id="code" name="code" ' +
		`inputmode="numeric" autocomplete="one-time-code" maxlength="20" aria-required="true"${state}><p class="hint" ` +
		`id="code-hint">A code of six digits was sent to the email address that received the question.</p>${wrong}</div>`
	);
}

/** In the form of the answer, so that what was written comes along and is shown again. */
const NEW_CODE = ' <button type="submit" name="step" value="code" formnovalidate class="plain">Send a new code</button>';
