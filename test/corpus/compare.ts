/** What a reader made of a mail, in a form that two readers can share. */
export interface Reading {
	subject: string;
	people: Record<string, string[]>;
	/** Seconds since 1970. */
	date: number | null;
	plain: string;
	html: string;
	files: Array<{ name: string; type: string; sha256: string }>;
}

/** Python's reading, with what it says about its own difficulties. */
export interface PeerReading extends Reading {
	/** Its names for what is wrong with the mail's structure. */
	defects: string[];
	/** By field: the error that its reading ended with. */
	failures: Record<string, string>;
}

export interface Difference {
	field: string;
	ours: string;
	theirs: string;
	/** Why the two differ; undefined where nobody has said so yet. */
	reason?: string;
}

/** White space and the marks of quotations do not count: the one joins flowed lines, the other does not. */
const essence = (text: string): string =>
	text
		.replace(/^>+ ?/gm, '')
		.replace(/[\s\u00a0\ufeff]+/g, ' ')
		.trim();
const inOrder = (texts: readonly string[]): string => [...texts].sort((a, b) => (a < b ? -1 : 1)).join('\n');

/** A nested mail has its subject as its name, and a calendar a name of its own, where they have none. */
const isNamedByUs = (type: string): boolean => type === 'message/rfc822' || type === 'text/calendar';

const FIELDS: Record<string, (reading: Reading) => string> = {
	subject: ({ subject }) => essence(subject),
	from: ({ people }) => inOrder(people.from ?? []),
	to: ({ people }) => inOrder(people.to ?? []),
	cc: ({ people }) => inOrder(people.cc ?? []),
	'reply-to': ({ people }) => inOrder(people['reply-to'] ?? []),
	date: ({ date }) => (date === null ? '' : new Date(date * 1000).toISOString()),
	text: ({ plain }) => essence(plain),
	html: ({ html }) => essence(html),
	'content of files': ({ files }) => inOrder(files.map(({ type, sha256 }) => `${type.replace(/ .*/s, '')} ${sha256.slice(0, 16)}`)),
	'names of files': ({ files }) =>
		inOrder(
			files
				.filter(({ type }) => !isNamedByUs(type))
				.map(({ name }) => essence(name))
				.filter((name) => name !== ''),
		),
	'names of nested files': ({ files }) =>
		inOrder(
			files
				.filter(({ type }) => isNamedByUs(type))
				.map(({ name }) => essence(name))
				.filter((name) => name !== ''),
		),
};

/** @param date as it is written in the mail */
export function differences(ours: Reading, theirs: PeerReading, date: string): Difference[] {
	const found: Difference[] = [];
	for (const [field, of] of Object.entries(FIELDS)) {
		const [mine, other] = [of(ours), of(theirs)];
		// Text that is made from HTML is an addition of ours.
		if (mine === other || (field === 'text' && other === '' && essence(theirs.html) !== '')) continue;
		if (field === 'names of nested files' && theirs.files.every(({ type, name }) => !isNamedByUs(type) || name === '')) continue;
		found.push({ field, ours: mine, theirs: other, reason: reasonOf({ field, mine, other, theirs, date }) });
	}
	return found;
}

interface Seen {
	field: string;
	mine: string;
	other: string;
	theirs: PeerReading;
	/** As it is written in the mail. */
	date: string;
}

const isText = ({ field }: Seen): boolean => field === 'text' || field === 'html';
const isContent = (seen: Seen): boolean => isText(seen) || seen.field.endsWith('files');
const hasDefect = ({ theirs }: Seen, name: RegExp): boolean => theirs.defects.some((defect) => name.test(defect));
const failure = ({ theirs, field }: Seen): string | undefined => theirs.failures[field === 'html' ? 'text' : field];
const words = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

/** Each is a fact about the mail or about Python that can be looked up in the mail; the first that applies is told. */
const REASONS: Array<[string, (seen: Seen) => boolean]> = [
	['Python ends with an error of its own', (seen) => failure(seen) !== undefined],
	[
		'raw or wrongly declared characters, which Python shows as U+FFFD',
		({ other, mine }) => other.includes('\ufffd') && !mine.includes('\ufffd'),
	],
	[
		'a multipart of which Python finds no part: it gives it whole as a file',
		(seen) => isContent(seen) && seen.theirs.files.some(({ type }) => type.startsWith('multipart/')),
	],
	[
		'a line end of quoted-printable with blanks behind its equals sign, or within an escape, which Python leaves as it is',
		(seen) => isText(seen) && /=[0-9A-F]{2}|= /.test(seen.other) && !/=[0-9A-F]{2}/.test(seen.mine),
	],
	[
		'raw bytes in an address, which Python gives as halves of characters',
		({ field, other, mine }) => /^(?:from|to|cc|reply-to)$/.test(field) && /[\udc80-\udcff]/.test(other) && !/[\udc80-\udcff]/.test(mine),
	],
	[
		'a file without a usable type, which Python takes for text',
		({ field, other, mine }) => field === 'content of files' && mine.replaceAll('application/octet-stream', 'text/plain') === other,
	],
	['base64 that was cut off: Python does not decode it', (seen) => isContent(seen) && hasDefect(seen, /^InvalidBase64/)],
	[
		'no closing boundary: Python drops the last line end, and adds the boundary to nested mails',
		(seen) => isContent(seen) && hasDefect(seen, /^CloseBoundaryNotFound/),
	],
	[
		'a nested mail with a broken structure: Python writes it anew',
		(seen) => seen.field === 'content of files' && seen.mine.includes('message/rfc822') && hasDefect(seen, /Boundary|Multipart/),
	],
	[
		'what has no @ is no address',
		({ field, other, mine }) =>
			/^(?:from|to|cc|reply-to)$/.test(field) && inOrder(other.split('\n').filter((one) => one.includes('@'))) === mine,
	],
	[
		'plain and HTML texts behind one another: we give all of them in both forms',
		(seen) =>
			isText(seen) &&
			seen.theirs.plain !== '' &&
			seen.theirs.html !== '' &&
			[...words(seen.other)].every((word) => words(seen.mine).has(word)),
	],
	['a zone by its name, which Python takes for UTC', ({ field, date }) => field === 'date' && /\s[A-Z]{3,5}\s*$/.test(date)],
];

function reasonOf(seen: Seen): string | undefined {
	return REASONS.find(([, applies]) => applies(seen))?.[0];
}
