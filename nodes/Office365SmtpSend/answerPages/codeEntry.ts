import type { IWebhookFunctions } from 'n8n-workflow';

import { Codes } from '../../../mail/questions/codes';
import type { Asked, Person } from '../question/askedQuestion';
import { answersOf } from '../question/givenAnswers';
import { postedFields } from './postedForm';

/** In characters, because people may type blanks between the digits. */
const LONGEST_CODE = 40;

export function codesOf(asked: Asked, person: Person): Codes {
	return new Codes(answersOf(asked).files, person.id);
}

/** What was entered, or empty. */
export function postedCode(context: IWebhookFunctions): string {
	const { code } = postedFields(context);
	return typeof code === 'string' ? code.trim().slice(0, LONGEST_CODE) : '';
}

/** Whether the button that sends a code was pressed. */
export function wantsCode(context: IWebhookFunctions): boolean {
	return postedFields(context).step === 'code';
}

/** Why an answer is not accepted, for the person and for the log. */
export interface Slip {
	problem: string;
	reason: string;
}

/** Checks and uses up the code. @returns undefined if the code is right */
export async function checkCode(asked: Asked, person: Person, code: string): Promise<Slip | undefined> {
	// This does not count as an attempt, because nothing was guessed.
	if (code === '') return { problem: 'Enter the code from the email.', reason: 'no code was entered' };
	const result = await codesOf(asked, person).check(code);
	if (result === 'right') return undefined;
	if (result === 'ended' || result.triesLeft === 0)
		return { problem: 'This code is not valid, or no longer valid. Request a new one.', reason: 'no code was still valid' };
	const tries = result.triesLeft === 1 ? 'one more time' : `${result.triesLeft} more times`;
	return { problem: `This is not the right code. You can try ${tries}.`, reason: 'the code was wrong' };
}
