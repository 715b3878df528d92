/** A piece of the guide; the command prints it and the page shows it. */
export type Part =
	| { text: string }
	| { steps: string[] }
	| { code: string; language: 'powershell' | 'sh' }
	| { link: string; label: string }
	| { fields: Array<[name: string, value: string]> };

export interface Section {
	title: string;
	parts: Part[];
}
