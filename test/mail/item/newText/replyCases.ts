import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReplyCase {
	title: string;
	text: string;
	expected: string;
	/** Whether the headers say that the mail answers or forwards another. */
	answers: boolean;
}

const FOLDER = join(__dirname, '../../../cases/replies');

/** The replies that we wrote in the manner of each mail program; `#####` begins a case, `##### =` what is expected of it. */
export function replyCases(): ReplyCase[] {
	return readdirSync(FOLDER).flatMap((file) => {
		const blocks = readFileSync(join(FOLDER, file), 'utf8')
			.split(/^##### (?!=|no answer)/m)
			.slice(1);
		return blocks.map((block) => {
			const [head = '', expected = ''] = block.split(/^##### =\n?/m);
			const answers = !head.includes('##### no answer');
			const [title = '', ...text] = head.replace('##### no answer\n', '').split('\n');
			return { title, text: text.join('\n'), expected: expected.trimEnd(), answers };
		});
	});
}
