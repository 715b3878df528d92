import { Bodies, LONGEST_TEXT, type Body } from './bodies';
import { hasAttachment, isFile, isOtherBody } from './hasAttachment';
import { fieldsAtBeginning, firstOf, type Field } from './headerBlock';
import { BeyondLimits, checkMemory } from './memoryLimit';
import { cleanName, nameFor, type Part } from './part';
import { MOST_PEOPLE, NAME_PEOPLE, readable } from './people';
import { maySignMail, SignedFile } from './signedFile';
import { Structure, type PartsReader } from './structure';
import { takeTextFiles, type TextFile } from './textFiles';
import { decoderOf, type Decoder } from './transfer';

/** A file of an email, without its content. */
export interface ReadFile {
	/** Empty if it has none. */
	name: string;
	/** In lower case, without parameters. */
	type: string;
	/** Bytes. */
	size: number;
	/** Without angle brackets; empty if there is none. */
	contentId: string;
	/** Content-Location; empty if there is none. */
	location: string;
	/** Whether it is shown within the text. */
	inline: boolean;
	/** Whether it is an alternative in multipart/alternative, such as text/x-amp-html, and not an attachment. */
	alternative: boolean;
	/** Parameters of Content-Type, such as `method` of a calendar. */
	parameters: ReadonlyMap<string, string>;
	/** Its first bytes, as many as {@link ReaderOptions.keep} requested. */
	kept: Buffer;
}

/** The content of an email. */
export interface ReadMail {
	/** In order; values have one character for each byte, see `decodeHeader`. */
	fields: readonly Field[];
	/** Sets that the email declares. They decide how raw header bytes are decoded. */
	charsets: readonly string[];
	/** Content-Type of the email itself. */
	type: string;
	text: string;
	html: string;
	files: readonly ReadFile[];
	hasAttachment: boolean;
	/** What could not be read, in full sentences. */
	damage: readonly string[];
}

/** Receives the files one after the other, in the order of the email. */
export interface FileTaker {
	begin(file: ReadFile): void;
	data(bytes: Buffer): void;
	end(file: ReadFile): void;
}

export interface ReaderOptions {
	files: FileTaker;
	/** Number of bytes of a file to keep in {@link ReadFile.kept}. */
	keep?: (file: ReadFile) => number;
}

/** Number of bytes that are read between two checks of the memory. */
const PIECE = 256 * 1024;
/** Signed emails within signed emails. */
const DEEPEST_SIGNED = 5;
/** Number of bytes of an attached email in which its subject is searched for. */
const LONGEST_HEAD = 64 * 1024;

/** What is being read. */
interface Current extends Holder {
	decoder: Decoder;
	/** Undefined for a body. */
	file?: ReadFile;
	/** Its bytes, if the email may lie in it. */
	signed?: SignedFile;
	begun: boolean;
	pieces: Buffer[];
	length: number;
}

interface Holder {
	/** What is kept of a file, joined at its end. */
	kept?: { pieces: Buffer[]; length: number };
}

const NO_FILE: ReadFile = {
	name: '',
	type: '',
	size: 0,
	contentId: '',
	location: '',
	inline: false,
	alternative: false,
	parameters: new Map(),
	kept: Buffer.alloc(0),
};

/** Reads one email, piece by piece: files are passed on as they come, texts are kept. */
export class MailReader implements PartsReader {
	readonly charsets: string[] = [];
	readonly #structure = new Structure(this);
	readonly #files: ReadFile[] = [];
	readonly #bodies = new Bodies(this);
	readonly #damage: string[] = [];
	#current: Current | undefined;
	#textLength = 0;
	/** Number of signed files that the part that is being read lies in. */
	#signedDepth = 0;

	constructor(private readonly options: ReaderOptions) {}

	/** @throws BeyondLimits */
	push(bytes: Buffer): void {
		pushInPieces(this.#structure, bytes);
	}

	/** @throws BeyondLimits */
	async end(): Promise<ReadMail> {
		this.#structure.end();
		checkMemory();
		const root = this.#structure.root();
		if (root?.fields.some(({ key, value }) => NAME_PEOPLE.has(key) && readable(value) !== value) === true)
			this.damage(`A header names more than ${MOST_PEOPLE} people. The others are left out.`);
		const body = root === undefined ? {} : this.#withoutFiles(root, await this.#bodies.of(root));
		const html = body.html ?? '';
		const text = await this.#bodies.textOf(body);
		return {
			fields: root?.fields ?? [],
			charsets: this.charsets,
			type: root?.type ?? '',
			text,
			html,
			files: this.#files,
			hasAttachment: hasAttachment(this.#files, html),
			damage: this.#damage,
		};
	}

	/** Where an email is nothing but text, files may stand in it. */
	#withoutFiles(root: Part, body: Body): Body {
		if (root.type !== 'text/plain' || body.text === undefined || !body.text.includes('begin ')) return body;
		const { text, files } = takeTextFiles(body.text);
		for (const file of files) this.#addFile(file);
		return { text };
	}

	#addFile({ name, bytes }: TextFile): void {
		const file: ReadFile = { ...NO_FILE, name: cleanName(name), type: 'application/octet-stream' };
		const holder: Holder = {};
		this.#files.push(file);
		this.options.files.begin(file);
		this.#passOn(holder, file, bytes);
		file.kept = Buffer.concat(holder.kept?.pieces ?? []);
		this.options.files.end(file);
	}

	open(part: Part): void {
		this.learn(part.parameters.get('charset'));
		if (part.type.startsWith('multipart/')) return;
		const decoder = decoderOf(part.encoding);
		this.#current = isBody(part)
			? { decoder, begun: true, pieces: [], length: 0 }
			: { decoder, file: this.#fileOf(part), begun: false, pieces: [], length: 0 };
		if (maySignMail(part)) this.#current.signed = new SignedFile();
		if (this.#current.file !== undefined && !isMail(part)) this.#begin(this.#current, this.#current.file, part);
	}

	content(part: Part, bytes: Buffer): void {
		const current = this.#current;
		if (current !== undefined) this.#take(current, part, current.decoder.push(bytes));
	}

	close(part: Part, cut: boolean): void {
		const current = this.#current;
		if (current === undefined || part.type.startsWith('multipart/')) return;
		this.#take(current, part, current.decoder.end());
		this.#current = undefined;
		const { file } = current;
		if (file === undefined) {
			this.#bodies.add(part, current.pieces.length === 1 ? (current.pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(current.pieces));
			return;
		}
		if (!current.begun) this.#begin(current, file, part);
		if (current.kept !== undefined) file.kept = Buffer.concat(current.kept.pieces);
		if (cut || current.decoder.damaged) this.damage(`The file ${titleOf(file)} may be cut off: the email ends in the middle of it.`);
		this.options.files.end(file);
		if (current.signed !== undefined) this.#readSigned(part, current.signed);
	}

	/** The email in a signed file is read as a child of its part. */
	#readSigned(part: Part, signed: SignedFile): void {
		const content = this.#contentOf(signed, part);
		if (content === undefined) return;
		const inner = new Structure(this);
		this.#signedDepth += 1;
		pushInPieces(inner, content);
		inner.end();
		this.#signedDepth -= 1;
		const root = inner.root();
		if (root !== undefined) part.children.push(root);
	}

	#contentOf(signed: SignedFile, part: Part): Buffer | undefined {
		try {
			if (this.#signedDepth === DEEPEST_SIGNED) throw new Error(`it lies in more than ${DEEPEST_SIGNED} signed files`);
			return signed.content();
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			this.damage(`The email in the signed file ${titleOf(part)} could not be read: ${reason}.`);
			return undefined;
		}
	}

	damage(what: string): void {
		if (this.#damage.length < 10 && !this.#damage.includes(what)) this.#damage.push(what);
	}

	/** Remembers a character set that the email declares. */
	learn(charset: string | undefined): void {
		if (charset !== undefined && !this.charsets.includes(charset) && this.charsets.length < 20) this.charsets.push(charset);
	}

	#fileOf(part: Part): ReadFile {
		const isAlternative = part.parent?.type === 'multipart/alternative' && isOtherBody(part);
		return {
			...NO_FILE,
			type: part.type,
			contentId: part.contentId,
			location: firstOf(part.fields, 'content-location'),
			inline: part.disposition === 'inline' || (part.disposition === '' && part.parent?.type === 'multipart/related'),
			alternative: isAlternative,
			parameters: part.parameters,
		};
	}

	#begin(current: Current, file: ReadFile, part: Part): void {
		const head = Buffer.concat(current.pieces);
		file.name = nameFor(part, isMail(part) ? firstOf(fieldsAtBeginning(head), 'subject') : '', this.charsets);
		this.#files.push(file);
		this.options.files.begin(file);
		current.begun = true;
		current.pieces = [];
		current.length = 0;
		this.#passOn(current, file, head);
	}

	#take(current: Current, part: Part, bytes: Buffer): void {
		if (bytes.length === 0) return;
		current.signed?.push(bytes);
		if (current.file !== undefined && current.begun) {
			this.#passOn(current, current.file, bytes);
			return;
		}
		// A view would keep the whole piece of the email in memory.
		current.pieces.push(Buffer.from(bytes));
		current.length += bytes.length;
		if (current.file !== undefined) {
			if (current.length > LONGEST_HEAD) this.#begin(current, current.file, part);
			return;
		}
		this.#textLength += bytes.length;
		if (this.#textLength > LONGEST_TEXT) throw new BeyondLimits('Its text is longer than 64 MB.');
	}

	#passOn(current: Holder, file: ReadFile, bytes: Buffer): void {
		if (bytes.length === 0) return;
		const wanted = this.options.keep?.(file) ?? 0;
		const kept = (current.kept ??= { pieces: [], length: 0 });
		if (kept.length < wanted) {
			// A view would keep the whole piece of the email in memory.
			const piece = Buffer.from(bytes.subarray(0, wanted - kept.length));
			kept.pieces.push(piece);
			kept.length += piece.length;
		}
		file.size += bytes.length;
		this.options.files.data(bytes);
	}
}

/** A text in another form than plain or HTML is the body where the email is nothing else (RFC 2046, section 4.1.4). */
function isBody(part: Part): boolean {
	if (!isFile(part, part.parent)) return true;
	return part.parent === undefined && isOtherBody(part) && part.type !== 'text/vcard' && part.type !== 'text/csv';
}

function pushInPieces(structure: Structure, bytes: Buffer): void {
	for (let from = 0; from < bytes.length; from += PIECE) {
		structure.push(bytes.subarray(from, from + PIECE));
		checkMemory();
	}
}

function titleOf({ name }: { name: string }): string {
	return name === '' ? 'without a name' : `"${name}"`;
}

function isMail({ type }: Part): boolean {
	return type === 'message/rfc822' || type === 'message/global';
}
