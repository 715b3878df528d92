import { MailError } from '../../mail/errors';
import { judge, type PostedFile } from '../../mail/questions/formAnswer';
import { readForm, readJsonForm, type FormField } from '../../mail/questions/form';
import { readVerdict } from '../../mail/questions/reply/verdict';
import { formFields } from '../../nodes/Office365SmtpSend/answerPages/formHtml';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { anything, nonsense } from './nonsense';

const TYPES = ['text', 'textarea', 'number', 'date', 'dropdown', 'radio', 'checkbox', 'email', 'file', 'hiddenField', 'password'];
const UNTOUCHED = Object.getOwnPropertyNames(Object.prototype).join();

/** Forms of any definition, answers of any shape, and answers in words. */
export const form: Target = {
	cpuMs: 3_000,
	open: async () => ({
		round: async (random) => {
			const outcome = random.chance(0.2) ? inWords(random) : answered(random);
			if (Object.getOwnPropertyNames(Object.prototype).join() !== UNTOUCHED) throw new Error('All objects have been changed.');
			return await Promise.resolve(outcome);
		},
		close: async () => await Promise.resolve(),
	}),
};

function answered(random: Random): string {
	const fields = defined(random);
	if (fields === undefined) return 'input';
	const names = [...fields.keys()].map((index) => `field-${index}`);
	const posted = new Map(names.map((name): [string, unknown] => [name, random.chance(0.5) ? nonsense(random) : anything(random)]));
	const judged = judge(fields, posted, new Map(names.map((name): [string, PostedFile[]] => [name, filesOf(random)])));
	for (const value of judged.values.values())
		for (const one of Array.isArray(value) ? value : [value])
			if (one !== null && typeof one !== 'string' && !Number.isFinite(one)) throw new Error(`An answer is ${String(one)}.`);
	for (const field of fields)
		if (field.choices.length > 0 && field.type !== 'hiddenField')
			for (const one of [judged.values.get(field.name) ?? []].flat())
				if (one !== '' && !field.choices.includes(String(one))) throw new Error(`${JSON.stringify(one)} is none of the choices.`);
	safe(formFields(fields));
	safe(formFields(fields, judged));
	return judged.problems.size === 0 ? 'taken' : 'problems';
}

/** What somebody entered makes neither an element nor an attribute. */
function safe(html: string): void {
	if (/<script|<[^>]* on\w+=(?:[^>"]*|"[^"]*")*>/i.test(html.replace(/"[^"]*"/g, '""')) || /<script/i.test(html))
		throw new Error(`The page holds foreign HTML: ${html.slice(0, 2_000)}`);
}

function defined(random: Random): FormField[] | undefined {
	const one = (): unknown => ({
		...{
			fieldName: nonsense(random, 3),
			fieldLabel: `label ${nonsense(random, 3)}`,
			fieldType: random.pick([...TYPES, nonsense(random, 1)]),
		},
		...{ requiredField: random.chance(0.3), placeholder: nonsense(random, 3), defaultValue: nonsense(random, 3) },
		fieldOptions: random.chance(0.8)
			? { values: Array.from({ length: random.below(4) }, () => ({ option: nonsense(random, 3) })) }
			: anything(random),
		...(random.chance(0.2) && { [nonsense(random, 1)]: anything(random) }),
	});
	const list = random.chance(0.1) ? anything(random) : Array.from({ length: random.below(5) }, one);
	try {
		return random.chance(0.5) ? readForm(list) : readJsonForm(random.chance(0.8) ? JSON.stringify(list) : nonsense(random));
	} catch (error) {
		if (error instanceof MailError && error.code === 'input') return undefined;
		throw error;
	}
}

function filesOf(random: Random): PostedFile[] {
	return Array.from({ length: random.below(3) }, () => ({
		path: '/tmp/x',
		name: nonsense(random, 3),
		mimeType: nonsense(random, 2),
		size: random.below(2 ** 30),
	}));
}

function inWords(random: Random): string {
	const words = ['yes', 'no', 'not', 'approved', 'ja', 'nein', 'ok', 'but', 'maybe', '>', '\n', '.', '?', '\u2705'];
	const text = Array.from({ length: random.below(20) }, () => (random.chance(0.7) ? random.pick(words) : nonsense(random, 2))).join(' ');
	return 'approved' in readVerdict(text, { approve: 'Approve', decline: 'Decline' }) ? 'decided' : 'unclear';
}
