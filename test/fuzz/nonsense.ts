import type { Random } from '../support/random';

/** What means something to one parser or another. */
const WORDS = [
	...['\r', '\n', '\r\n', '\r\n\r\n', '\0', '\t', ' ', '\x1b[2J', '\x7f', '\u2028', '\u202e', '\ufeff', '\ud800', '\u00e4', '\u{1f600}'],
	...['"', "'", '\\', '<', '>', '(', ')', '[', ']', ',', ';', ':', '@', '=', '%', '&', '#', '/', '--', '..', '*', '+', '{', '}', '$'],
	...['ada@example.test', 'Ada <ada@example.test>', '"a, b" <a@b.test>', '=?utf-8?q?=0D=0ABcc:_eve@evil.test?=', '=?x?b?', 'a@[127.0.0.1]'],
	...['Bcc: eve@evil.test', 'Content-Type: text/html', 'BEGIN:VEVENT', 'END:VCALENDAR', 'ATTENDEE:mailto:eve@evil.test', 'TZID=', 'RRULE:'],
	...['__proto__', 'constructor', 'toString', '{{ $json }}', '={{ 1 }}', '<script>alert(1)</script>', '" onload="x', "' onload='x", '&lt;'],
	...['2026-02-30', '99999999999999999999', '-1', 'NaN', '1e999', '20261127T100000Z', 'null', 'true', '{"a":1}', '[1,2]', '💥'],
];

/** A text of words that mean something and of letters that do not, now and then a long one. */
export function nonsense(random: Random, most = 12): string {
	const parts = Array.from({ length: random.below(most + 1) }, () =>
		random.chance(0.6) ? random.pick(WORDS) : String.fromCharCode(32 + random.below(95)),
	);
	const text = parts.join('');
	return random.chance(0.03) ? text.repeat(1 + random.below(2_000)).slice(0, 20_000) : text;
}

/** Any value that JSON can hold, of nonsense. */
export function anything(random: Random, depth = 3): unknown {
	const kind = random.below(depth > 0 ? 8 : 5);
	if (kind === 0) return random.pick([null, undefined, true, false]);
	if (kind === 1) return random.pick([0, -1, 1.5, 2 ** 53, NaN, Infinity]);
	if (kind < 5) return nonsense(random);
	if (kind === 5) return Array.from({ length: random.below(5) }, () => anything(random, depth - 1));
	return Object.fromEntries(Array.from({ length: random.below(6) }, () => [nonsense(random, 2), anything(random, depth - 1)]));
}

/** Something right, with some damage: cut, doubled, changed, with a foreign piece, or with one piece many times. */
export function damaged(right: Buffer, random: Random, pieces: readonly string[]): Buffer {
	let bytes = right;
	for (let count = 1 + random.below(4); count > 0; count -= 1) {
		const at = random.below(bytes.length + 1);
		const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
		const piece = Buffer.from(random.pick(pieces), 'latin1');
		const way = random.below(7);
		if (way === 0) bytes = before;
		else if (way === 1) bytes = Buffer.concat([bytes, before]);
		else if (way === 2) bytes = Buffer.concat([before, Buffer.from([random.below(256)]), after.subarray(1)]);
		else if (way === 3) bytes = Buffer.concat([before, after.subarray(random.below(100))]);
		else if (way === 4)
			bytes = Buffer.concat([before, Buffer.from(piece.toString('latin1').repeat(1 + random.below(300)), 'latin1'), after]);
		else bytes = Buffer.concat([before, piece, after]);
	}
	return bytes;
}
