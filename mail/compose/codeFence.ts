const FENCE = '```';
const TAG = /<[a-z][a-z\d]{0,20}[\s/>]/i;

/** Returns what is in the Markdown code fence that language models put around JSON and lists; other text unchanged. */
export function withoutFence(text: string): string {
	const trimmed = text.trim();
	return trimmed.startsWith(FENCE) && trimmed.endsWith(FENCE) ? trimmed.slice(3, -3).replace(/^\w{0,20}\s*\n/, '') : text;
}

/** Returns HTML without the one code fence that language models put around all of it; any other text unchanged. */
export function htmlWithoutFence(text: string): string {
	const inner = withoutFence(text);
	if (inner === text || inner.includes(FENCE) || !TAG.test(inner)) return text;
	return inner.replace(/^html\b/i, '').trim();
}
