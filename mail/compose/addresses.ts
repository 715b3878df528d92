import { domainToASCII } from 'node:url';

import { inputError, MailError } from '../errors';
import { addressParser } from '../nodemailer';
import { CONTROL, isAddress, LONGEST_ADDRESS } from './addressSyntax';
import { withoutFence } from './codeFence';
import { lookAlike } from './lookAlikes';
import { nameOnly } from './names';
import { pastedAddress, pastedList, type Pasted } from './pasted';

export interface Mailbox {
	/** Display name in any script; may be empty. */
	name: string;
	address: string;
}

/** Of a name, in characters: a header line has 998 bytes, quotation marks included, and breaks at blanks only. */
const LONGEST_WORD = 400;
/** Maximum nesting of lists, deeper than any list that a person or an email creates. */
const DEEPEST = 20;

/**
 * Reads addresses as n8n's users enter them: text ("Ada <ada@example.com>, grace@example.com"), one on each line, a list of texts, objects
 * of message items (`{ value: [{ name, address }] }`, `{ name, address }`), objects of other nodes (`{ name, email }`, Graph's `{
 * emailAddress: … }` and users), or JSON text of any of these.
 * @param field display name of the parameter, for the error
 * @param skipBad leaves out what cannot be used, and control characters in names: for addresses that somebody else wrote
 * @param note is called with what was removed: invisible characters, slips before addresses, parameters of mailto links
 * @throws MailError `input` naming the field and the entry that cannot be used
 */
export async function readMailboxes(field: string, value: unknown, skipBad = false, note?: (text: string) => void): Promise<Mailbox[]> {
	const parse = await addressParser();
	const reader: Reader = {
		field,
		areEntered: !skipBad,
		nameOf: (name) => (skipBad ? withoutControl(name).slice(0, LONGEST_WORD) : name.trim()),
		clean: ({ text, dropped, doubtful, unclear, slips = [], queries = [] }) => {
			if (doubtful !== undefined && !skipBad)
				throw inputError(
					field,
					`there is an unusual blank, such as a no-break space, before ${doubtful}, which may be part of the address.`,
					ADDRESSES,
				);
			if (unclear !== undefined && !skipBad) throw inputError(field, unclear, ADDRESSES);
			if (dropped.length > 0)
				note?.(`${field}: invisible characters (${dropped.slice(0, 10).join(', ')}) were removed from the addresses.`);
			if (slips.length > 0)
				note?.(`${field}: characters next to addresses that do not belong to them were removed: ${slips.slice(0, 10).join(', ')}`);
			if (queries.length > 0)
				note?.(`${field}: only the addresses of mailto links are used. Left out: ${queries.slice(0, 3).join(' ').slice(0, 200)}`);
			return text;
		},
	};
	const read = (entry: unknown, depth: number): Mailbox[] => {
		if (entry === undefined || entry === null || depth > DEEPEST) return [];
		if (Array.isArray(entry)) return entry.flatMap((one: unknown) => read(one, depth + 1));
		if (typeof entry === 'object') return usable(() => readObject(reader, entry, (inner) => read(inner, depth + 1)));
		const given = typeof entry === 'string' ? entry : `${typeof entry} ${JSON.stringify(entry)}`;
		const list = jsonOf(withoutFence(given).trim());
		if (list !== undefined) return read(list, depth + 1);
		const text = reader.clean(pastedList(given, !skipBad));
		if (!skipBad) refuseControl(field, text);
		const bare = bareAddresses(text);
		if (bare !== undefined) return bare.map((address) => ({ name: '', address }));
		const nameIn = skipBad ? reader.nameOf : namesOf(text);
		const mailboxes = parse(text, { flatten: true })
			.filter(({ address, name }) => address !== '' || name !== '')
			// The full stop of a sentence. No address ends in one.
			.flatMap(({ address, name }) => usable(() => [checked(field, { address: address.replace(/\.$/, ''), name: nameIn(name) }, text)]));
		if (!skipBad) {
			refuseTails(field, text);
			refuseLost(field, mailboxes, text);
		}
		return mailboxes;
	};
	const usable = (make: () => Mailbox[]): Mailbox[] => {
		try {
			return make();
		} catch (error) {
			if (skipBad && error instanceof MailError) return [];
			throw error;
		}
	};
	return read(value, 0);
}

/** How the entries of a field are read. */
interface Reader {
	field: string;
	/** Whether a user entered the addresses; otherwise they are from an email. */
	areEntered: boolean;
	nameOf: (name: string) => string;
	clean: (pasted: Pasted) => string;
}

const BARE = /^[\w.!#$%&*+/=?^{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

/** Most lists have only ASCII addresses without names. These need no parser, which makes a long list ten times faster. */
function bareAddresses(text: string): string[] | undefined {
	const entries = text
		.split(/[,;]/)
		.map((entry) => entry.trim())
		.filter((entry) => entry !== '');
	return entries.every((entry) => entry.length <= LONGEST_ADDRESS && BARE.test(entry)) ? entries : undefined;
}

/** JSON text, from a language model or from `JSON.stringify` in an expression. No address begins like this. */
function jsonOf(text: string): unknown {
	if (!/^[[{]/.test(text)) return undefined;
	try {
		const value: unknown = JSON.parse(text);
		return value;
	} catch {
		return undefined;
	}
}

function readObject({ field, areEntered, nameOf, clean }: Reader, entry: object, read: (inner: unknown) => Mailbox[]): Mailbox[] {
	const parts = partsOf(entry);
	const part = (name: string): unknown => parts.get(name);
	if (Array.isArray(part('value'))) return read(part('value'));
	if (Array.isArray(part('group'))) return read(part('group'));
	const inside = part('emailaddress');
	if (typeof inside === 'object' && inside !== null) return read(inside);
	const told = ['address', 'email', 'mail', 'emailaddress', 'userprincipalname', 'emails', 'emailaddresses']
		.map(part)
		.filter((one) => Array.isArray(one) || (typeof one === 'string' && one !== ''));
	// The address of a house has none, nor has the number of a choice.
	const address = [...told, part('value')].find((one) => /[@＠﹫]/.test(JSON.stringify(one) ?? '')) ?? told[0];
	const name = nameOfObject(part('name') ?? part('displayname'), nameOf);
	const list = Array.isArray(address) ? read(address) : [];
	if (list.length > 0) return withName(list, name);
	if (typeof address === 'string') {
		refuseControl(field, name);
		// Fields `address` are from emails, where apostrophes and equals signs are part of the address.
		const pasted = pastedAddress(address, areEntered && address !== part('address'));
		if (!isAddress(pasted.text)) return withName(read(address), name);
		const given = { name, address: clean(pasted) };
		refuseControl(field, given.address);
		return [checked(field, given, given.address)];
	}
	if (typeof part('text') === 'string') return read(part('text'));
	// An item of n8n, as `$input.all()` returns it.
	const inner = part('json');
	if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) return read(inner);
	throw inputError(
		field,
		'the expression returns an object without an address.',
		'Use an expression that returns addresses, for example {{ $json.from }} of a message item, or text, or a list of texts.',
	);
}

/** Rows of a sheet have titles for names: "Email Address". Of "Email" and "Email 2", the first one that is filled in counts. */
function partsOf(entry: object): Map<string, unknown> {
	const parts = new Map<string, unknown>();
	for (const [title, value] of Object.entries(entry)) {
		const name = title.toLowerCase().replace(/[^a-z]/g, '');
		const there = parts.get(name);
		if (there === undefined || there === null || there === '') parts.set(name, value);
	}
	return parts;
}

const nameOfObject = (told: unknown, nameOf: Reader['nameOf']): string => (typeof told === 'string' ? nameOf(told) : '');

/** A field for one address may hold a name too, or a list. */
function withName(mailboxes: Mailbox[], name: string): Mailbox[] {
	const [only] = mailboxes;
	return only === undefined || mailboxes.length > 1 ? mailboxes : [{ ...only, name: name || only.name }];
}

const ADDRESSES = 'Enter addresses like ada@example.com, separated by commas.';

function checked(field: string, mailbox: Mailbox, text: string): Mailbox {
	const { address, name } = mailbox;
	refuseLookAlike(field, address || name);
	// A link has its address in the path or query.
	if (!isAddress(address) || address.startsWith('//')) {
		const wrong = address || name;
		throw inputError(
			field,
			`"${wrong.slice(0, 200)}" is not an email address${text === wrong ? '' : ` (in "${text.slice(0, 200)}")`}.`,
			ADDRESSES,
		);
	}
	if (name.length > LONGEST_WORD && name.split(/\s/).some((word) => word.length > LONGEST_WORD))
		throw inputError(field, `the name of ${address} has a word of more than ${LONGEST_WORD} characters.`, 'Give a shorter name, or none.');
	return SIGNS_ONLY.test(name) ? { name: '', address } : mailbox;
}

/** Names in quotes may begin or end with any sign. */
function namesOf(text: string): (name: string) => string {
	const quoted = new Set([...text.matchAll(/"((?:[^"\\]|\\.?)*)(?:"|$)/g)].map(([, inner = '']) => inner.replace(/\\(.)/g, '$1').trim()));
	return (name) => (quoted.has(name.trim()) ? name.trim() : nameOnly(name));
}

/** Brackets, full stops and symbols of an email next to an address are not a name. */
const SIGNS_ONLY = /^[\s<>.,;:!?()[\]{}|"'*_✉📧📨📩📬📫\ufe0f-]+$/u;

/** @throws MailError `input` for an address that looks like another one */
function refuseLookAlike(field: string, address: string): void {
	if (address.length > LONGEST_ADDRESS || !/[^\u0000-\u007f]/.test(address) || !/[@＠﹫]/.test(address)) return;
	const found = lookAlike(address);
	if (found !== undefined)
		throw inputError(field, `"${address}" contains ${found}.`, 'Type the address by hand. An address that was copied may be forged.');
}

/** A quoted string. An angle bracket or an at sign after it makes it a name or a local part. */
const QUOTED = /"(?:[^"\\]|\\.?)*(?:"([^"<>,;@]*<|@)?|$)/g;
const COMMENTS_AND_SEPARATORS = /(\((?:[^()]|\([^()]*\))*\)|[,;])/;

/**
 * If a comma is missing, the parser returns one address and takes the others for its name. Therefore, each address outside of quoted names
 * has to be among those that it returned, also one in parentheses: `ada@example.com (cc: bob@example.com)`. Only next to an address in
 * angle brackets, parentheses hold a comment.
 */
function refuseLost(field: string, mailboxes: Mailbox[], text: string): void {
	const found = new Set(mailboxes.map(({ address }) => address.toLowerCase()));
	const known = (word: string): boolean => found.has(word.toLowerCase()) || found.has(bare(word).toLowerCase());
	const outside = withoutComments(text.replace(QUOTED, (whole, next?: string) => (next === undefined ? whole : ` ${next}`)));
	// Names in the headers of a finished email may be encoded words (RFC 2047).
	const words = outside
		.split(/[\s"<>(),;:]+/)
		.filter((word) => !word.startsWith('=?'))
		.map((word) => word.slice(0, LONGEST_ADDRESS));
	for (const word of words) if (/[＠﹫]/.test(word) && /[.．。｡]/.test(word)) refuseLookAlike(field, word);
	const lost = words.find((word) => (resemblesAddress(word) || isAddress(word)) && !known(word));
	if (lost !== undefined)
		throw inputError(field, `a comma is missing next to ${lost}.`, `${ADDRESSES} Put quotes around a name that contains an address.`);
}

/** A comment within a word, and the parts of the word. */
const COMMENT_IN_WORD = /([^\s<>,;:()]{1,64})\([^()"]{0,320}\)([^\s<>,;:()"@]{1,64}@[^\s<>,;:()"@]{0,255})/g;
/** Further characters than these between a word and the brackets of its entry are not looked at. */
const NEAR = 600;

/**
 * Of `grace."x"@example.com`, the parser would take only the end for the address. Next to an address in angle brackets, such a word is a
 * name, and so is one in other letters before a whole address, as in `王伟(销售)wang@example.com`.
 */
function refuseTails(field: string, text: string): void {
	const isTail = (match: RegExpExecArray): boolean => match[1] === '@' && /[^\s<>,;:()[\]]/.test(text.charAt(match.index - 1));
	const isNameBefore = ([, name = '', address = '']: RegExpExecArray): boolean => /[^\u0000-\u007f]/.test(name) && BARE.test(address);
	// Of the same length, so that the places in it are the same.
	const plain = text.replace(QUOTED, (whole, next: string = '') => `"${'_'.repeat(Math.max(0, whole.length - next.length - 2))}"${next}`);
	const isBracketed = ({ 0: { length }, index }: RegExpExecArray): boolean => {
		const before = plain.slice(Math.max(0, index - NEAR), index).split(/[,;]/);
		const [after = ''] = plain.slice(index + length, index + length + NEAR).split(/[,;]/);
		return before[before.length - 1]?.includes('<') === true || after.includes('<');
	};
	const tails = [...text.matchAll(QUOTED)].filter(isTail);
	const commented = [...plain.matchAll(COMMENT_IN_WORD)].filter((match) => !isNameBefore(match));
	const found = [...tails, ...commented].find((match) => !isBracketed(match));
	if (found === undefined) return;
	throw inputError(field, `the address that ends in ${found[0].slice(0, 200)} has quotes or parentheses in the middle.`, ADDRESSES);
}

/** Removes what is in parentheses from entries whose address is in angle brackets. */
function withoutComments(text: string): string {
	if (!text.includes('(')) return text;
	const entries: string[] = [];
	let [plain, comments] = ['', ''];
	for (const piece of [...text.split(COMMENTS_AND_SEPARATORS), ',']) {
		if (/^[,;]$/.test(piece)) {
			entries.push(plain.includes('<') ? plain : plain + comments);
			[plain, comments] = ['', ''];
		} else if (piece.startsWith('(') && piece.endsWith(')')) comments += ` ${piece}`;
		else plain += `${piece} `;
	}
	return entries.join(',');
}

/** Removes quotes before a word, and quotes and full stops after it. */
function bare(word: string): string {
	let [from, to] = [0, word.length];
	while (word.charAt(from) === "'") from += 1;
	while (to > from && ["'", '.'].includes(word.charAt(to - 1))) to -= 1;
	return word.slice(from, to);
}

/** Something before an at sign, and a full stop in the part after it. */
function resemblesAddress(word: string): boolean {
	const at = word.indexOf('@', 1);
	return at > 0 && word.slice(at + 1, -1).includes('.');
}

/** Returns the address for the envelope: a domain in any script becomes ASCII if the local part is ASCII (RFC 5891; otherwise RFC 6531). */
export function envelopeAddress({ address }: Mailbox): string {
	const at = address.lastIndexOf('@');
	const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
	if (/[^\u0000-\u007f]/.test(local) || /^[\u0000-\u007f]*$/.test(domain)) return address;
	return `${local}@${domainToASCII(domain) || domain}`;
}

/** Compares without case, because today upper and lower case mean the same mailbox everywhere. */
export function sameAddress(one: string, other: string): boolean {
	return one.toLowerCase() === other.toLowerCase();
}

/** Each person once, with the first name that is given. */
export function unique(mailboxes: Mailbox[]): Mailbox[] {
	const found = new Map<string, Mailbox>();
	for (const mailbox of mailboxes) {
		const key = mailbox.address.toLowerCase();
		const there = found.get(key) ?? mailbox;
		found.set(key, there.name === '' ? { ...there, name: mailbox.name } : there);
	}
	return [...found.values()];
}

/** Returns text for people: `Ada <ada@example.com>`. */
export function describeMailbox({ name, address }: Mailbox): string {
	return name === '' ? address : `${name} <${address}>`;
}

/** Refuses line breaks, because a line break in a header would begin another header (CWE-93). @throws MailError `input` */
export function refuseControl(field: string, value: string): void {
	if (CONTROL.test(value)) {
		throw inputError(
			field,
			'the value contains a line break or another control character.',
			'Remove it, because a header is a single line.',
		);
	}
}

/** Returns one line of what somebody else wrote. */
export function withoutControl(value: string): string {
	return value
		.split(CONTROL)
		.filter((part) => part !== '')
		.join(' ')
		.trim();
}
