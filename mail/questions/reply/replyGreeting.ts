import { DOUBT } from './doubtWords';
import { isName } from './replyNames';
import { AGAINST, GREETINGS, IN_FAVOUR, table } from './replyWords';
import { plain } from './replyText';

/** In characters. */
const LONGEST_GREETING = 60;

/** Words beside names in a greeting. */
const GREETED = table(
	'herr, herrn, frau, damen, herren, und, mr, mrs, ms, dr, prof, sir, madam, all, team, everyone, everybody, there, both',
	'folks, colleagues',
	'and, zusammen, alle, allerseits, kollegen, kolleginnen, kollege, kollegin, morning, afternoon, evening, day, tag, morgen',
	'abend, mittag',
	'tous, toutes, monsieur, madame, à, a, todos, equipo, señor, señora, tutti, dia, tarde, noite, días, tardes, noches, allemaal, geehrte',
	'geehrter, geehrtes, geehrten, very',
);

/** Without the greeting at the beginning, on a line of its own or before the answer: "Hi Bob, approved." */
export function withoutGreeting(lines: readonly string[]): readonly string[] {
	const [written = '', ...others] = lines;
	const first = written.replace(/\b(mr|mrs|ms|dr|prof)\. ?(?=\p{Lu})/giu, '$1 ');
	if (others.length > 0 && (isGreeting(first) || isAddressed(first))) return others;
	const [, before = '', rest = ''] = /^([^,!.:–—]{1,60}?) ?(?:[,!.:–—]| - ) ?(.+)$/.exec(first) ?? [];
	return isGreeting(before) && !/^good$/i.test(before) ? [rest, ...others] : lines;
}

/** A word of greeting, and then names. Further unknown words would be a sentence: "Hi Bob, this is not". */
function isGreeting(line: string): boolean {
	const [first = '', ...others] = line.replace(/[\s,!.:–—-]{1,4}$/, '').split(' ');
	if (line.length > LONGEST_GREETING || others.length > 5 || !GREETINGS.has(first.toLowerCase())) return false;
	const unknown = others.filter((written) => !isGreeted(written));
	return unknown.length === 0 || (unknown.length === 1 && others.length === 1 && !isAnswering(plain(unknown[0] ?? '')));
}

function isGreeted(written: string): boolean {
	const word = plain(written);
	return GREETED.has(word) || GREETINGS.has(word) || (/^\p{Lu}/u.test(written) && !isAnswering(word));
}

const isAnswering = (word: string): boolean => [DOUBT, AGAINST, IN_FAVOUR].some((list) => list.has(word));

/** "Bob," or "Herr Meier," or "田中様". */
function isAddressed(line: string): boolean {
	if (/^[^\s]{1,12}(?:様|さん|님),?$/u.test(line)) return true;
	const [, name = ''] = /^([^,]{1,40}),$/.exec(line) ?? [];
	const words = name.split(' ').filter((word) => !GREETED.has(plain(word)));
	return name !== '' && /^\p{Lu}/u.test(name) && (words.length === 0 || isName(words.join(' ')));
}
