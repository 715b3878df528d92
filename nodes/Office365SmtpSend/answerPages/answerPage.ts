import { htmlLines } from '../../../mail/compose/lineEnds';
import { escapeHtml } from '../../../mail/escapeHtml';

/** A page with one card, without scripts, images or anything from another server. */
interface Page {
	title: string;
	/** Text of several lines. */
	message?: string;
	/** A form that is sent to the page's own address. */
	form?: {
		button: string;
		/** A text field with its initial content, and what is wrong with it. */
		textarea?: string;
		textProblem?: string;
		/** HTML of further fields, and of fields below those. */
		fields?: string;
		after?: string;
		/** HTML of a second button. If Enter is pressed in a field, browsers press the first one. */
		second?: string;
		/** Whether files are sent too. */
		multipart?: boolean;
	};
	/** Colour of the button, as #rrggbb. */
	accent?: string;
}

/** Headers of each page. They allow the page to show itself and to post to its own origin. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
	'Content-Type': 'text/html; charset=utf-8',
	'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	'Cache-Control': 'no-store',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff',
};

export const ACCENT = '#0f5ea8';

const LIGHT = '--page:#f5f6f8;--card:#fff;--ink:#222;--soft:#595f69;--line:#868d97;--edge:#ddd;--wrong:#b3261e';
const DARK = '--page:#15181c;--card:#20242a;--ink:#eceff3;--soft:#b4bbc5;--line:#8b93a0;--edge:#3a404a;--wrong:#ffb4ab';

/** Font sizes are at least 16 px, because phones zoom into smaller fields. Targets are at least 44 px high. */
const STYLE = [
	`:root{color-scheme:light dark;${LIGHT}}@media(prefers-color-scheme:dark){:root{${DARK}}}`,
	'body{font:1rem/1.5 system-ui,Arial,sans-serif;background:var(--page);margin:0;padding:1rem;color:var(--ink);',
	'overflow-wrap:anywhere}',
	'main{max-width:32rem;margin:2rem auto;background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:1.5rem}',
	'h1{font-size:1.25rem;line-height:1.3;margin-top:0}',
	'label,legend{font-weight:600;padding:0}',
	'.field{border:0;margin:0 0 1.25rem;padding:0;min-width:0}',
	'.hint{color:var(--soft);margin:.25rem 0 0;font-size:.9rem}',
	'.again{margin:0 0 1.25rem}',
	'.wrong{color:var(--wrong);margin:.25rem 0 0}',
	'.choice{display:flex;align-items:center;gap:.6rem;min-height:2.75rem;font-weight:400}',
	'.choice input{width:1.25rem;height:1.25rem;flex:none;margin:0}',
	'input:not([type=checkbox],[type=radio]),select,textarea{width:100%;box-sizing:border-box;min-height:2.75rem;',
	'margin-top:.25rem;padding:.5rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px}',
	'[aria-invalid=true]{border-color:var(--wrong)!important}',
	'.problems{border:2px solid var(--wrong);border-radius:6px;padding:.75rem 1rem;margin:0 0 1.25rem}',
	'.problems a{color:inherit}',
	'.problems ul{margin:.25rem 0 0;padding-left:1.25rem}',
	'button{margin-top:1rem;min-height:2.75rem;padding:.7rem 1.5rem;font:inherit;font-weight:600;',
	'border:1px solid var(--line);border-radius:6px;cursor:pointer}',
	':focus-visible{outline:3px solid var(--ink);outline-offset:2px}',
	'button.plain{background:none;color:inherit;border-color:var(--line);font-weight:400}',
	'@media(max-width:30rem){body{padding:.5rem}main{margin:.5rem auto;padding:1.1rem}button{width:100%}}',
].join('');

export function page({ title, message = '', form, accent = ACCENT }: Page): string {
	const field = form?.textarea === undefined ? '' : textField(title, form.textarea, form.textProblem);
	const colours = `button{background:${accent};color:${inkOn(accent)}}`;
	const encoding = form?.multipart === true ? ' enctype="multipart/form-data" novalidate' : '';
	return [
		'<!DOCTYPE html>',
		'<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta ' +
			`name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${STYLE}${colours}</style></head>`,
		`<body><main><h1>${escapeHtml(title)}</h1>${message === '' ? '' : `<p>${htmlLines(message)}</p>`}`,
		...(form === undefined
			? []
			: [
					`<form method="post"${encoding}>${field}${form.fields ?? ''}${form.after ?? ''}<button ` +
						`type="submit">${escapeHtml(form.button)}</button>${form.second ?? ''}</form>`,
				]),
		'</main></body></html>',
	].join('\n');
}

function textField(title: string, content: string, problem = ''): string {
	const state = problem === '' ? '' : ' aria-describedby="text-problem" aria-invalid="true" autofocus';
	const wrong = problem === '' ? '' : `<p class="wrong" id="text-problem" role="alert">${escapeHtml(problem)}</p>`;
	// Browsers drop a line break directly after the tag, so a line break that belongs to the text needs one before it.
	const text = `\n${escapeHtml(content)}`;
	return `<p><textarea name="text" rows="6" required aria-label="${escapeHtml(title)}"${state}>${text}</textarea></p>${wrong}`;
}

/** Returns black or white, whichever has more contrast (WCAG 2.2, relative luminance). */
function inkOn(colour: string): string {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	});
	const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#fff' : '#000';
}

/** A message above its buttons, as in the email. */
export function mailWithButtons(
	message: string,
	buttons: Array<{ label: string; url: string; primary: boolean }>,
	accent = ACCENT,
): string {
	const links = buttons.map(({ label, url, primary }) => {
		const colours = primary
			? `background-color:${accent};color:${inkOn(accent) === '#fff' ? '#ffffff' : '#000000'};border:1px solid ${accent}`
			: 'background-color:#ffffff;color:#333333;border:1px solid #cccccc';
		return (
			`<a href="${escapeHtml(url)}" target="_blank" style="display:inline-block;padding:12px 24px;margin:12px 6px 0 ` +
			`0;border-radius:6px;font-weight:600;text-decoration:none;${colours}">${escapeHtml(label)}</a>`
		);
	});
	return (
		'<div ' +
		`style="font-family:Arial,sans-serif;font-size:14px;color:#222222"><p>${htmlLines(message)}</p><p>${links.join('\n')}</p></div>`
	);
}
