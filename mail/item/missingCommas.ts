const ADDRESS = '[^\\s"<>()@,;:\\\\[\\]]{1,64}@[^\\s"<>()@,;:\\\\[\\]]{1,255}';
/** Addresses without a comma between them. */
const NEIGHBOURS = new RegExp(`(?<=^|,)\\s{0,99}${ADDRESS}(?:\\s{1,99}${ADDRESS}){1,999}\\s{0,99}(?=,|$)`, 'g');
/** `Ada [a@example.com]`. */
const IN_SQUARE_BRACKETS = new RegExp(`(?<=^|[\\s,])\\[(?:mailto:|smtp:)?(${ADDRESS})\\](?=\\s{0,99}(?:,|;|$))`, 'gi');

/** Addresses without brackets, or in square ones, as entries of their own. */
export function withOwnEntries(text: string): string {
	// Within quotation marks they belong to a name.
	if (text.includes('"')) return text;
	return text.replace(IN_SQUARE_BRACKETS, '<$1>').replace(NEIGHBOURS, (addresses) => addresses.trim().split(/\s+/).join(', '));
}

/** An address in angle brackets, which some programs write twice, or do not close. */
const IN_BRACKETS = new RegExp(`<{1,5}(\\s{0,9}(?:mailto:|smtp:)?'?${ADDRESS}'?\\s{0,9})(?:>{1,5}|(?=[,;](?![^<>]{0,500}>)|$))`, 'iy');

/** Maximum number of commas that are added to one header, because the parser needs much memory for each entry. */
const MOST_COMMAS = 10_000;

/** Puts a comma between addresses in angle brackets: `Ada <a@example.com> Bob <b@example.com>`, with or without names. */
export function withCommas(header: string): string {
	let [result, from, isQuoted, depth, count] = ['', 0, false, 0, 0];
	let before: string | undefined;
	for (let at = header.indexOf('<') === -1 ? header.length : 0; at < header.length && count < MOST_COMMAS; at++) {
		const sign = header[at] ?? '';
		if (sign === '\\') at += 1;
		else if (sign === '"') isQuoted = !isQuoted;
		else if (isQuoted) continue;
		else if (sign === '(' || sign === ')') depth = Math.max(0, depth + (sign === '(' ? 1 : -1));
		else if (depth === 0 && /[,;:]/.test(sign)) before = undefined;
		else if (depth === 0 && sign === '<') {
			IN_BRACKETS.lastIndex = at;
			const [whole, address] = IN_BRACKETS.exec(header) ?? [];
			if (whole === undefined || address === undefined) {
				before = undefined;
				continue;
			}
			const between = header.slice(from, at);
			const isSame = between.trim() === '' && before === address;
			// The entry before ends behind its address.
			if (!isSame) result += `${before === undefined ? '' : ','}${between}<${address}>`;
			if (before !== undefined) count += 1;
			from = at + whole.length;
			before = address;
			at = from - 1;
		}
	}
	return result + header.slice(from);
}
