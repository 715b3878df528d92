/** A part as described by BODYSTRUCTURE, or as it was read. */
export interface PartShape {
	/** In lower case, such as `image/png`; empty if it is unknown. */
	type: string;
	/** `inline`, `attachment` or another value, in lower case. */
	disposition?: string;
	/** From Content-Disposition or Content-Type. */
	name?: string;
	/** Content-ID, with or without angle brackets. */
	contentId?: string;
	/** Of Content-Type, if they are known. */
	parameters?: ReadonlyMap<string, string>;
	/** The parts of a multipart. Those of an attached email do not count. */
	children?: readonly PartShape[];
}

/** A file of an email that has been read. */
export interface FileShape {
	type: string;
	name?: string;
	/** Without angle brackets. */
	contentId?: string;
	/** Content-Location, which HTML can refer to (RFC 2557). */
	location?: string;
	/** An alternative body in multipart/alternative, such as text/x-amp-html, which no email program shows as a file. */
	alternative?: boolean;
}

/**
 * Whether people see an attachment, decided by the structure of the email. `unknown`: the email itself has to be examined, because only its
 * HTML shows whether it uses an image (see {@link hasAttachment}), or because the structure is missing or broken.
 */
export function hasAttachmentByStructure(root: PartShape | undefined): boolean | 'unknown' {
	if (root === undefined) return 'unknown';
	return judge(root, { hasHtml: hasHtml(root), related: false });
}

interface Surroundings {
	hasHtml: boolean;
	related: boolean;
	/** Undefined for the email itself. */
	parent?: PartShape;
}

function judge(part: PartShape, around: Surroundings): boolean | 'unknown' {
	if (part.children !== undefined && part.children.length > 0 && !part.type.startsWith('message/')) {
		const inside = {
			...around,
			related: around.related || part.type === 'multipart/related',
			parent: part,
		};
		const found = part.children.map((child) => judge(child, inside));
		return found.includes(true) || (found.includes('unknown') && 'unknown');
	}
	if (part.type === '' || !part.type.includes('/') || part.type.startsWith('multipart/')) return 'unknown';
	if (!isFile(part, around.parent)) return false;
	if (around.parent?.type === 'multipart/alternative' && isOtherBody(part)) return false;
	if (!isImage(part.type, part.name)) return true;
	return around.hasHtml && (around.related || (part.contentId ?? '') !== '') ? 'unknown' : true;
}

function hasHtml(part: PartShape, parent?: PartShape): boolean {
	if (part.type.startsWith('message/')) return false;
	return (part.type === 'text/html' && !isFile(part, parent)) || part.children?.some((child) => hasHtml(child, part)) === true;
}

/**
 * Whether a part is a file and not a body: everything except text and HTML without a name that is not an attachment. Some programs give
 * bodies a name, too. They are told by their place: the email itself, a form of its text (MS-OXCMAIL, section 2.2.3.3.2), or what a
 * multipart shows.
 * @param parent undefined for the email itself; with its parts, as far as they are known
 */
export function isFile(part: PartShape, parent: PartShape | undefined): boolean {
	const { type, disposition, name } = part;
	if (!(type === 'text/plain' || type === 'text/html') || disposition === 'attachment') return true;
	return (name ?? '') !== '' && parent !== undefined && parent.type !== 'multipart/alternative' && !isShown(part, parent);
}

/** The root of related parts (RFC 2387, section 3), what is signed, the text of a report, and the texts of a multimedia message (MMS). */
function isShown(part: PartShape, { type, children = [], parameters }: PartShape): boolean {
	if (type === 'multipart/signed' || type === 'multipart/report') return children[0] === part;
	if (type !== 'multipart/related') return false;
	const id = (part.contentId ?? '').replace(/[<>]/g, '');
	if (children[0] === part || (id !== '' && parameters?.get('start')?.replace(/[<>\s]/g, '') === id)) return true;
	return parameters?.get('type')?.toLowerCase() === SLIDES || children.some((child) => child.type === SLIDES);
}

const SLIDES = 'application/smil';

/** An alternative without a name that is not text, HTML or an invitation. */
export function isOtherBody({ type, disposition, name }: PartShape): boolean {
	return type.startsWith('text/') && type !== 'text/calendar' && disposition !== 'attachment' && (name ?? '') === '';
}

/** Whether people see an attachment in an email that has been read: any file except images that its HTML shows. */
export function hasAttachment(files: readonly FileShape[], html: string): boolean {
	const shown = html === '' ? new Set<string>() : referredTo(html, new Set(files.map(({ contentId = '' }) => contentId)));
	return files.some((file) => {
		if (file.alternative === true) return false;
		if (!isImage(file.type, file.name)) return true;
		return !shown.has(file.contentId ?? '') && !(file.location !== undefined && file.location !== '' && html.includes(file.location));
	});
}

/** Returns those of these Content-IDs that the HTML refers to with `cid:` (RFC 2392). */
function referredTo(html: string, ids: ReadonlySet<string>): Set<string> {
	const found = new Set<string>();
	for (const [, id = ''] of html.matchAll(/\bcid:([^\s"'<>)&]{1,998})/gi))
		for (const one of id.includes('%') ? [id, unescaped(id)] : [id]) if (ids.has(one)) found.add(one);
	return found;
}

/** Content-IDs are ASCII (RFC 5322, section 3.6.4). */
function unescaped(id: string): string {
	return id.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Some programs send an image as application/octet-stream. */
function isImage(type: string, name = ''): boolean {
	return type.startsWith('image/') || (type === 'application/octet-stream' && /\.(png|jpe?g|gif|bmp|webp|svg|tiff?)$/i.test(name));
}
