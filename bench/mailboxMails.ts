/** The sender of one email only. */
export const RARE = 'eve@example.test';

export function* mailsOf(count: number): Generator<string> {
	for (let number = 1; number <= count; number += 1) {
		const sender = number === Math.ceil(count / 2) ? RARE : 'bob@example.test';
		yield `Message-ID: <bench-${number}@example.test>\r\nFrom: ${sender}\r\nSubject: mail ${number}\r\n\r\nhello\r\n`;
	}
}
