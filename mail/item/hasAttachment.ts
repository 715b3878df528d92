/** A part as BODYSTRUCTURE tells it, or as it was read. */
export interface PartShape {
	/** In small letters, such as `image/png`; empty where it is not known. */
	type: string;
	/** `inline`, `attachment` or another, in small letters. */
	disposition?: string;
	/** From Content-Disposition or Content-Type. */
	name?: string;
	/** Content-ID, with or without angle brackets. */
	contentId?: string;
	/** Of a multipart; those of an attached email do not count. */
	children?: readonly PartShape[];
}

/** A file of an email that has been read. */
export interface FileShape {
	type: string;
	name?: string;
	/** Without angle brackets. */
	contentId?: string;
	/** Content-Location, as RFC 2557 lets HTML refer to it. */
	location?: string;
	/** One of the forms in multipart/alternative, such as text/x-amp-html: another body, which no email program shows as a file. */
	alternative?: boolean;
}

/**
 * Whether people see an attachment, by the email's structure alone. `unknown`: the email itself must be looked at, since
 * only its HTML tells whether it shows an image (see {@link hasAttachment}), or since the structure is missing or broken.
 */
export function hasAttachmentByStructure(root: PartShape | undefined): boolean | 'unknown' {
	if (root === undefined) return 'unknown';
	return judge(root, { hasHtml: hasHtml(root), related: false, alternative: false });
}

interface Surroundings {
	hasHtml: boolean;
	related: boolean;
	alternative: boolean;
}

function judge(part: PartShape, around: Surroundings): boolean | 'unknown' {
	if (part.children !== undefined && part.children.length > 0 && !part.type.startsWith('message/')) {
		const inside = {
			...around,
			related: around.related || part.type === 'multipart/related',
			alternative: part.type === 'multipart/alternative',
		};
		const found = part.children.map((child) => judge(child, inside));
		return found.includes(true) || (found.includes('unknown') && 'unknown');
	}
	if (part.type === '' || !part.type.includes('/') || part.type.startsWith('multipart/')) return 'unknown';
	if (!isFile(part)) return false;
	if (around.alternative && isOtherBody(part)) return false;
	if (!isImage(part.type, part.name)) return true;
	return around.hasHtml && (around.related || (part.contentId ?? '') !== '') ? 'unknown' : true;
}

function hasHtml(part: PartShape): boolean {
	if (part.type.startsWith('message/')) return false;
	return (part.type === 'text/html' && !isFile(part)) || part.children?.some(hasHtml) === true;
}

/** Whether a part is a file and no body: everything but text and HTML that has no name and is no attachment. */
export function isFile({ type, disposition, name }: PartShape): boolean {
	return !(type === 'text/plain' || type === 'text/html') || disposition === 'attachment' || (name ?? '') !== '';
}

/** A form of the email that is neither text nor HTML nor an invitation, without a name. */
export function isOtherBody({ type, disposition, name }: PartShape): boolean {
	return type.startsWith('text/') && type !== 'text/calendar' && disposition !== 'attachment' && (name ?? '') === '';
}

/** Whether people see an attachment in an email that has been read: any file but the images that its HTML shows. */
export function hasAttachment(files: readonly FileShape[], html: string): boolean {
	const shown = html === '' ? new Set<string>() : referredTo(html, new Set(files.map(({ contentId = '' }) => contentId)));
	return files.some((file) => {
		if (file.alternative === true) return false;
		if (!isImage(file.type, file.name)) return true;
		return !shown.has(file.contentId ?? '') && !(file.location !== undefined && file.location !== '' && html.includes(file.location));
	});
}

/** Which of these Content-IDs the HTML refers to by `cid:` (RFC 2392). */
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

/** Some programs call an image application/octet-stream. */
function isImage(type: string, name = ''): boolean {
	return type.startsWith('image/') || (type === 'application/octet-stream' && /\.(png|jpe?g|gif|bmp|webp|svg|tiff?)$/i.test(name));
}
