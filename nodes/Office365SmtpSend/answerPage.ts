import { escapeHtml, htmlOfText } from '../../mail/compose/escape';

/** A page of one card; no script, no picture, nothing from elsewhere. */
interface Page {
	title: string;
	/** Text, several lines. */
	message?: string;
	/** What can be sent from it, to its own address. */
	form?: { button: string; textarea?: boolean };
}

/** Goes with each page: it may show itself and post to where it came from. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
	'Content-Type': 'text/html; charset=utf-8',
	'Content-Security-Policy': 'default-src \'none\'; style-src \'unsafe-inline\'; form-action \'self\'; base-uri \'none\'; frame-ancestors \'none\'',
	'Cache-Control': 'no-store',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff',
};

const STYLE = 'body{font-family:system-ui,Arial,sans-serif;background:#f5f6f8;margin:0;color:#222}main{max-width:32rem;margin:3rem auto;background:#fff;border:1px solid #ddd;border-radius:8px;padding:1.5rem}h1{font-size:1.25rem;margin-top:0}textarea{width:100%;box-sizing:border-box;font:inherit}button{margin-top:1rem;padding:.7rem 1.5rem;font:inherit;border:0;border-radius:6px;background:#0f5ea8;color:#fff;cursor:pointer}';

export function page({ title, message = '', form }: Page): string {
	const field = form?.textarea === true ? `<p><textarea name="text" rows="6" required aria-label="${escapeHtml(title)}"></textarea></p>` : '';
	return [
		'<!DOCTYPE html>',
		`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>`,
		`<body><main><h1>${escapeHtml(title)}</h1>${message === '' ? '' : `<p>${htmlOfText(message)}</p>`}`,
		...(form === undefined ? [] : [`<form method="post">${field}<button type="submit">${escapeHtml(form.button)}</button></form>`]),
		'</main></body></html>',
	].join('\n');
}

/** A message above its buttons, as the mail shows them. */
export function mailWithButtons(message: string, buttons: Array<{ label: string; url: string; primary: boolean }>): string {
	const links = buttons.map(({ label, url, primary }) => {
		const colours = primary ? 'background-color:#0f5ea8;color:#ffffff;border:1px solid #0f5ea8' : 'background-color:#ffffff;color:#333333;border:1px solid #cccccc';
		return `<a href="${escapeHtml(url)}" target="_blank" style="display:inline-block;padding:12px 24px;margin:12px 6px 0 0;border-radius:6px;font-weight:600;text-decoration:none;${colours}">${escapeHtml(label)}</a>`;
	});
	return `<div style="font-family:Arial,sans-serif;font-size:14px;color:#222222"><p>${htmlOfText(message)}</p><p>${links.join('\n')}</p></div>`;
}
