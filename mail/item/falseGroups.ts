/** Programs copy it from links and from Exchange. */
const SCHEME = /(^|[,;<:])\s{0,9}(?:mailto|smtp):(?=[^\s"<>@,;]{1,320}@)/gi;
/** A colon as an encoded word (RFC 2047), which takes no address apart. */
const COLON = '=?utf-8?Q?=3A?=';
/** With the blank behind it, which would get lost between two encoded words. */
const COLON_AND_BLANK = '=?utf-8?Q?=3A_?=';

/** A colon outside quotes and the like, and where the text ends that may belong to it: at a comma, another colon or the end. */
interface Colon {
	at: number;
	end?: number;
}

/**
 * A group ends with a semicolon (RFC 5322, section 3.4). Without one, a colon belongs to a name that should stand in quotes, as in
 * `Support: Ticket <a@example.com>`. It is kept as a group if nothing follows (`undisclosed-recipients:`), or several addresses, because
 * then the semicolon got lost.
 *
 * @param header addresses in which quotes and comments are closed, and encoded words hold no colon
 */
export function withoutFalseGroups(header: string): string {
	if (!header.includes(':')) return header;
	const text = header.replace(SCHEME, '$1');
	const { colons, addresses } = openColons(text);
	const [first] = colons;
	if (first === undefined || (colons.length === 1 && (addresses > 1 || text.slice(first.at + 1).trim() === ''))) return text;
	let [result, from] = ['', 0];
	for (const { at, end } of colons) {
		const behind = text.slice(at + 1, end);
		const isBlank = /^[ \t]/.test(behind);
		result += text.slice(from, at) + (isWithinName(behind) ? (isBlank ? COLON_AND_BLANK : COLON) : ' ');
		from = at + (isBlank ? 2 : 1);
	}
	return result + text.slice(from);
}

/** Otherwise the colon stands between a name and its address. */
function isWithinName(behind: string): boolean {
	const angle = behind.indexOf('<');
	return !behind.includes('@') || (angle !== -1 && behind.slice(0, angle).trim() !== '');
}

/** The colons that no semicolon follows, and the number of addresses behind the first of them. */
function openColons(text: string): { colons: Colon[]; addresses: number } {
	let [isQuoted, isAngle, isLiteral, depth] = [false, false, false, 0];
	let [colons, addresses, isCounted]: [Colon[], number, boolean] = [[], 0, false];
	for (let at = 0; at < text.length; at++) {
		const sign = text[at];
		if (sign === '\\') at += 1;
		else if (sign === '"') isQuoted = !isQuoted;
		else if (isQuoted) continue;
		else if (sign === '(') depth += 1;
		else if (sign === ')') depth = Math.max(0, depth - 1);
		else if (depth > 0) continue;
		else if (sign === '<' || sign === '>') isAngle = sign === '<';
		else if (sign === '@') {
			if (!isCounted) addresses += 1;
			isCounted = true;
			// The address of a server (RFC 5321, section 4.1.3), which has colons of its own.
			isLiteral = text[at + 1] === '[';
		} else if (sign === ';') [colons, isAngle, isLiteral] = [[], false, false];
		else if (sign === ']') isLiteral = false;
		else if (sign === ',' || (sign === ':' && !isAngle && !isLiteral)) {
			const last = colons.at(-1);
			if (last !== undefined) last.end ??= at;
			if (sign === ',') [isCounted, isLiteral] = [false, false];
			else {
				if (last === undefined) [addresses, isCounted] = [0, false];
				colons.push({ at });
			}
		}
	}
	return { colons, addresses };
}
