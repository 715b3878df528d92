import { RegExpParser, visitRegExpAST, type AST } from '@eslint-community/regexpp';

const CANDIDATES = [...'a0A-. \n(<"=+@:;,/[]{}_%$~\'\\\té回'];

/**
 * Texts that make an expression read long: each part of it, and each beginning, repeated; also behind what has to stand
 * before it. An expression that takes longer than in proportion does so on one of these.
 */
export function pumpsOf(source: string, flags: string): Array<{ before: string; pump: string }> {
	const pattern = new RegExpParser().parsePattern(source, 0, source.length, flags.includes('u'));
	const pumps = new Map<string, { before: string; pump: string }>();
	const note = (before: string, pump: string): void => {
		// With a blank, where the expression asks for the edge of a word.
		if (pump !== '')
			for (const each of source.includes('\\b') ? [pump, `${pump} `] : [pump]) pumps.set(`${before}\u0000${each}`, { before, pump: each });
	};
	visitRegExpAST(pattern, {
		onAlternativeEnter: ({ elements }) => {
			const samples = elements.map((element) => sampleOf(element, flags));
			for (const [index, sample] of samples.entries()) {
				const before = samples.slice(0, index).join('');
				note('', before + sample);
				note('', sample);
				note(before, sample);
				note(before, sample + (samples[index + 1] ?? ''));
			}
		},
		onCharacterClassEnter: (element) => {
			const [first = '', ...others] = membersOf(element, flags);
			note('', first);
			// Two of them side by side may be the edge of a word.
			for (const other of others.slice(0, 6)) note('', first + other);
		},
	});
	return [...pumps.values()];
}

/** A text that the element matches, as far as one is found. */
function sampleOf(element: AST.Element, flags: string): string {
	switch (element.type) {
		case 'Character':
			return String.fromCodePoint(element.value);
		case 'CharacterSet':
		case 'CharacterClass':
			return membersOf(element, flags)[0] ?? '';
		case 'Group':
		case 'CapturingGroup':
			return (element.alternatives[0]?.elements ?? []).map((inner) => sampleOf(inner, flags)).join('');
		case 'Quantifier':
			return sampleOf(element.element, flags).repeat(Math.max(1, Math.min(element.min, 1_000)));
		default:
			return '';
	}
}

function membersOf(element: AST.Element, flags: string): string[] {
	const one = new RegExp(`^${element.raw}$`, flags.replace(/[gmy]/g, ''));
	return CANDIDATES.filter((character) => one.test(character));
}
