import { join, relative } from 'node:path';

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first, so that none of them begins when the others are done. */
export const SLOWEST = [
	'test/n8n/editor.test.ts',
	'test/n8n/pop.test.ts',
	'test/n8n/imapTrigger.test.ts',
	'test/n8n/smtpSend.test.ts',
	'test/n8n/signInQueue.test.ts',
	'test/n8n/smtpBatch.test.ts',
	'test/n8n/questions.test.ts',
	'test/n8n/signIn.test.ts',
	'test/n8n/queue.test.ts',
	'test/n8n/imapMailbox.test.ts',
	'test/n8n/imapTriggerCrash.test.ts',
	'test/mail/item/bombs.test.ts',
	'test/mail/watch/faults.test.ts',
	'test/attack/expressions.test.ts',
	'test/mail/watch/folders/treeWatch.test.ts',
	'test/mail/smtp/faults.test.ts',
	'test/mail/watch/answers.test.ts',
];

/** Begins with the {@link SLOWEST}; the others follow as vitest has them, the largest first. */
export class SlowestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const place = ({ moduleId }: TestSpecification): number => {
			const index = SLOWEST.indexOf(relative(join(__dirname, '..'), moduleId).replaceAll('\\', '/'));
			return index === -1 ? SLOWEST.length : index;
		};
		return (await super.sort(files)).sort((a, b) => place(a) - place(b));
	}
}
