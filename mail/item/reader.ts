import { Bodies, LONGEST_TEXT, type Body } from './bodies';
import { hasAttachment, isFile, isOtherBody } from './hasAttachment';
import type { Decoder } from './decoder';
import { setsOfWords } from './encodedWords';
import { fieldsAtBeginning, firstOf, type Field } from './headerBlock';
import { fileOf, MailFiles, NO_FILE, type ReadFile, type ReaderOptions } from './mailFiles';
import { BeyondLimits, checkMemory } from './memoryLimit';
import { cleanName, isResourceFork, nameFor, type Part } from './part';
import { MOST_PEOPLE, NAME_PEOPLE, readable } from './people';
import { maySignMail, SignedFile } from './signedFile';
import type { PartsReader } from './openMultiparts';
import { Structure } from './structure';
import { takeTextFiles, type TextFile } from './textFiles';
import { fileDecoderOf, textDecoderOf } from './transfer';

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

/** Number of bytes that are read between two checks of the memory. */
const PIECE = 256 * 1024;
/** Signed emails within signed emails. */
const DEEPEST_SIGNED = 5;
/** Number of bytes of an attached email in which its subject is searched for. */
const LONGEST_HEAD = 64 * 1024;

/** Number of bytes of a text with a name that is kept as well. */
const LONGEST_SPARE = 1024 * 1024;

/** What is being read. */
interface Current {
	decoder: Decoder;
	/** Undefined for a body. */
	file?: ReadFile;
	/** Its bytes, if the email may lie in it. */
	signed?: SignedFile;
	begun: boolean;
	pieces: Buffer[];
	length: number;
}

/** Reads one email, piece by piece: files are passed on as they come, texts are kept. */
export class MailReader implements PartsReader {
	readonly charsets: string[] = [];
	readonly #structure = new Structure(this);
	readonly #files: MailFiles;
	readonly #bodies = new Bodies(this);
	readonly #damage: string[] = [];
	#current: Current | undefined;
	/** The first part, if it is a text with a name. People see it where nothing else is the text. */
	#first: { part: Part; pieces: Buffer[]; length: number } | undefined;
	#isFirst = true;
	#textLength = 0;
	/** Number of signed files that the part that is being read lies in. */
	#signedDepth = 0;

	constructor(options: ReaderOptions) {
		this.#files = new MailFiles(options);
	}

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
		if (this.#first !== undefined && this.#first.length <= LONGEST_SPARE && (this.#bodies.isEmpty || this.#isAboveFooter(this.#first)))
			this.#bodies.add(this.#first.part, Buffer.concat(this.#first.pieces));
		this.#bodies.learnSets();
		for (const { value } of root?.fields ?? []) for (const charset of setsOfWords(value)) this.learn(charset);
		const body = root === undefined ? {} : this.#withoutFiles(root, await this.#bodies.of(root));
		const html = body.html ?? '';
		const text = await this.#bodies.textOf(body);
		return {
			fields: root?.fields ?? [],
			charsets: this.charsets,
			type: root?.type ?? '',
			text,
			html,
			files: this.#files.all,
			hasAttachment: hasAttachment(this.#files.all, html),
			damage: this.#damage,
		};
	}

	/** Whether the first file is HTML that people see, since everything else is text below it, such as the footer of a mailing list. */
	#isAboveFooter({ part }: { part: Part }): boolean {
		const isShown = part.type === 'text/html' && part.disposition === '' && part.parent?.type === 'multipart/mixed';
		return isShown && part.parent?.parent === undefined && !this.#bodies.hasHtml;
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
		this.#files.begin(file);
		this.#files.data(file, bytes);
		this.#files.end(file);
	}

	open(part: Part): void {
		this.learn(part.parameters.get('charset'));
		if (part.type.startsWith('multipart/') || isResourceFork(part)) return;
		this.#current = isBody(part)
			? { decoder: textDecoderOf(part.encoding), begun: true, pieces: [], length: 0 }
			: { decoder: fileDecoderOf(part.encoding, isMail(part)), file: fileOf(part), begun: false, pieces: [], length: 0 };
		const mayBeText = part.disposition !== 'attachment' && (part.type === 'text/plain' || part.type === 'text/html');
		if (this.#isFirst && this.#current.file !== undefined && mayBeText) this.#first = { part, pieces: [], length: 0 };
		this.#isFirst = false;
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
		if (cut || current.decoder.damaged) this.damage(`The file ${titleOf(file)} may be cut off: the email ends in the middle of it.`);
		this.#files.end(file);
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

	#spare(first: { pieces: Buffer[]; length: number }, bytes: Buffer): void {
		first.length += bytes.length;
		if (first.length <= LONGEST_SPARE) first.pieces.push(Buffer.from(bytes));
		else first.pieces = [];
	}

	#begin(current: Current, file: ReadFile, part: Part): void {
		const head = Buffer.concat(current.pieces);
		file.name = nameFor(part, isMail(part) ? firstOf(fieldsAtBeginning(head), 'subject') : '', this.charsets);
		this.#files.begin(file);
		current.begun = true;
		current.pieces = [];
		current.length = 0;
		this.#files.data(file, head);
	}

	#take(current: Current, part: Part, bytes: Buffer): void {
		if (bytes.length === 0) return;
		current.signed?.push(bytes);
		if (current.file !== undefined && current.begun) {
			if (this.#first?.part === part) this.#spare(this.#first, bytes);
			this.#files.data(current.file, bytes);
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
