const ENTITIES = new Map([
	['&', '&amp;'],
	['<', '&lt;'],
	['>', '&gt;'],
	['"', '&quot;'],
	["'", '&#x27;'],
]);

/** Safe between elements and between quotes. The entities are those of mailparser, which the items of the built-in trigger have. */
export function escapeHtml(text: string): string {
	return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '') : text;
}
