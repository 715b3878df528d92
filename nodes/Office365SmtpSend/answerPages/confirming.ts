import type { IWebhookFunctions } from 'n8n-workflow';

import { reasonOf } from '../../../mail/errors';
import { htmlLines } from '../../../mail/compose/lineEnds';
import { GOOD_FOR_MINUTES } from '../../../mail/questions/codes';
import { page } from './answerPage';
import type { Asked, Person } from '../question/askedQuestion';
import { codesOf } from './codeEntry';
import type { Question } from '../question/question';
import { sendLater } from '../question/questionEmail';
import { writtenSoFar } from './postedForm';
import { IN_THE_MAIL, questionPage } from './questionPage';

interface Confirming {
	asked: Asked;
	person: Person;
	/** The button of an approval that the page belongs to. */
	approved: boolean;
}

/** Shows the question with a field for the code, if a code was sent, otherwise with a button that sends one. */
export async function questionOrCode({ asked, person, approved }: Confirming): Promise<string> {
	return (await codesOf(asked, person).isLive()) ? questionPage(asked.question, approved, { slip: '' }) : codePage(asked.question);
}

/** Opening the link sends nothing, because scanners open links. The button does. */
function codePage({ subject, message, accent }: Question, problem = ''): string {
	return page({
		title: subject || 'Your answer',
		message: message || IN_THE_MAIL,
		accent,
		form: {
			button: 'Send me a code',
			fields:
				'<input type="hidden" name="step" value="code"><p class="hint">To make sure that you are the person who was asked, ' +
				'a code is sent to your email address. Enter it on the next page.</p>' +
				`${problem === '' ? '' : `<p class="wrong" role="alert">${problem}</p>`}`,
		},
	});
}

/** Sends a code to the person to whom the link belongs, whoever has the link now. */
export async function issueCode(
	context: IWebhookFunctions,
	{ asked, person, approved }: Confirming,
): Promise<{ html: string; status?: number; refused?: string }> {
	const { question } = asked;
	const written = writtenSoFar(context, question);
	const shown = (slip: string): string => questionPage(question, approved, { ...written, slip });
	const failed = (problem: string): string => (Object.keys(written).length === 0 ? codePage(question, problem) : shown(problem));
	const issued = await codesOf(asked, person).issue();
	if (issued === 'tooMany')
		return {
			html: failed('Too many codes were sent for this question. Please tell the person who asked you.'),
			status: 429,
			refused: `too many codes were requested (${person.address})`,
		};
	if (issued === 'justSent') return { html: shown('') };
	try {
		await sendLater(context, asked, {
			kind: 'code',
			to: [person.address],
			subject: [...`Code for: ${question.subject}`].slice(0, 200).join(''),
			html: codeEmail(question, issued.code),
		});
	} catch (error) {
		await issued.withdraw();
		context.logger.error('The code for the answer to a question could not be sent.', {
			to: person.address,
			reason: reasonOf(error),
		});
		return { html: failed('The code could not be sent. Please try again in a minute.'), status: 503 };
	}
	return { html: shown('') };
}

function codeEmail({ subject }: Question, code: string): string {
	const text = `Your code is ${code.slice(0, 3)} ${code.slice(3)}

Enter it on the page where you answer "${subject}". It is valid for ${GOOD_FOR_MINUTES} minutes.

If you did not request a code, somebody else has the link that was sent to you. Do not give them this code.`;
	return `<div style="font-family:Arial,sans-serif;font-size:14px;color:#222222"><p>${htmlLines(text)}</p></div>`;
}
