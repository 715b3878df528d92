import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** An email as Python's `email` package reads it, which shares no code with us. */
export interface PythonEmail {
	/** In their order, decoded, names as they are written. */
	headers: Array<[name: string, value: string]>;
	/** What Python finds wrong in any part. */
	defects: string[];
	/** The bodies that Python would show; null where there is none. */
	text: string | null;
	html: string | null;
	/** Each part that has no parts of its own, and each email within the email. */
	parts: PythonPart[];
	/** What Python counts as attached files. */
	files: PythonPart[];
}

interface PythonPart {
	type: string;
	cid: string | null;
	name: string | null;
	/** Of a text only. */
	text: string | null;
	/** Decoded, in bytes. */
	size: number;
}

/** For each email: its length in bytes on a line, then its bytes. The answer is a line of JSON. */
const READER = `
import email, email.policy, json, sys
def part(p):
  is_text = p.get_content_maintype() == "text"
  return {"type": p.get_content_type(), "cid": p["Content-Id"], "name": p.get_filename(), "text": p.get_content() if is_text else None, "size": len(p.get_payload(decode=True) or b"")}
def body(m, kind):
  found = m.get_body((kind,))
  return None if found is None else found.get_content()
for line in sys.stdin.buffer:
  m = email.message_from_bytes(sys.stdin.buffer.read(int(line)), policy=email.policy.default)
  leaves = [p for p in m.walk() if not p.is_multipart() or p.get_content_type() == "message/rfc822"]
  print(json.dumps({"headers": [[k, str(v)] for k, v in m.items()], "defects": [str(d) for p in m.walk() for d in p.defects],
    "text": body(m, "plain"), "html": body(m, "html"), "parts": [part(p) for p in leaves], "files": [part(p) for p in m.iter_attachments()]}), flush=True)`;

let reader: { child: ChildProcess; lines: AsyncIterator<string> } | undefined;
let turn: Promise<unknown> = Promise.resolve();

/** Reads an email with Python's `email` package. One Python serves all calls, since its start takes longer than what is asked of it; it ends with this process. */
export async function readByPython(bytes: Buffer): Promise<PythonEmail> {
	const answer = turn.then(async () => {
		const { child, lines } = (reader ??= start());
		child.stdin?.write(`${bytes.length}\n`);
		child.stdin?.write(bytes);
		const { value, done } = await lines.next();
		if (done === true) throw new Error('Python has ended; what it said stands above.');
		return JSON.parse(value);
	});
	turn = answer.catch(() => undefined);
	return await answer;
}

function start(): { child: ChildProcess; lines: AsyncIterator<string> } {
	const child = spawn('python3', ['-c', READER], { stdio: ['pipe', 'pipe', 'inherit'] });
	return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** The first value of a header; undefined where there is none. */
export const headerOf = ({ headers }: PythonEmail, name: string): string | undefined =>
	headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
