"""What Python's email package (policy "default") reads in each mail named on standard input: a line of JSON a mail."""

import hashlib
import json
import sys
from email import message_from_bytes, policy
from email.utils import getaddresses, parsedate_to_datetime

SOURCE = policy.default.clone(refold_source="none", max_line_length=0)


def attempt(work):
    """The result, or why there is none: some headers make the package itself raise an error."""
    try:
        return work(), ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:200]


def digest_of(kind, content):
    """Line ends do not count; in messages, which the package has taken apart and writes anew, no white space does."""
    plain = b"".join(content.split()) if kind.startswith("message/") else content.replace(b"\r\n", b"\n")
    return hashlib.sha256(plain).hexdigest()


def is_body(part):
    kind = part.get_content_type()
    return kind in ("text/plain", "text/html") and not part.get_filename() and part.get_content_disposition() != "attachment"


def leaves(part):
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for child in part.get_payload():
            yield from leaves(child)
    else:
        yield part


def content_of(part):
    if part.is_multipart():
        return b"\n".join(child.as_bytes(policy=SOURCE) for child in part.get_payload())
    return part.get_payload(decode=True) or b""


def file_of(part):
    content = content_of(part)
    name, _ = attempt(part.get_filename)
    kind = part.get_content_type()
    return {"name": name or "", "type": kind, "sha256": digest_of(kind, content)}


def bodies_of(part):
    """Plain and HTML texts, of alternatives the first plain and the last HTML one."""
    if not part.is_multipart() or part.get_content_maintype() != "multipart":
        if not is_body(part):
            return [], [], []
        text, failure = attempt(part.get_content)
        failures = [failure] if failure else []
        if text is None:
            return [], [], failures
        return ([text], [], failures) if part.get_content_type() == "text/plain" else ([], [text], failures)
    plain, html, failures = [], [], []
    for child in part.get_payload():
        more_plain, more_html, more_failures = bodies_of(child)
        plain += more_plain
        html += more_html
        failures += more_failures
    if part.get_content_type() == "multipart/alternative":
        plain = [one for one in plain if one.strip()][:1]
        html = html[-1:]
    return plain, html, failures


def addresses(message, name):
    values = message.get_all(name, [])
    return [one.addr_spec for value in (values if name in ("to", "cc") else values[:1]) for one in value.addresses]


def simple_addresses(message, name):
    return [address for _, address in getaddresses([str(value) for value in message.get_all(name, [])]) if address]


def date_of(message):
    value = message["date"]
    if value is None:
        return None
    time = getattr(value, "datetime", None) or parsedate_to_datetime(str(value))
    return None if time is None else round(time.timestamp())


def read(path):
    with open(path, "rb") as file:
        message = message_from_bytes(file.read(), policy=policy.default)
    failures = {}

    def field(name, work):
        result, failure = attempt(work)
        if failure:
            failures[name] = failure
        return result

    texts = field("text", lambda: bodies_of(message)) or ([], [], [])
    if texts[2]:
        failures["text"] = "; ".join(texts[2])
    people = {}
    for name in ("from", "to", "cc", "reply-to"):
        people[name] = field(name, lambda: addresses(message, name))
        if people[name] is None:
            people[name] = attempt(lambda: simple_addresses(message, name))[0] or []
    parts = field("files", lambda: list(leaves(message))) or []
    return {
        "subject": field("subject", lambda: str(message["subject"] or "")) or "",
        "people": people,
        "date": field("date", lambda: date_of(message)),
        "plain": "\n".join(texts[0]),
        "html": "\n".join(texts[1]),
        "files": field("files", lambda: [file_of(part) for part in parts if not is_body(part)]) or [],
        "defects": sorted({type(defect).__name__ for part in message.walk() for defect in part.defects}),
        "failures": failures,
    }


for line in sys.stdin:
    result, failure = attempt(lambda: read(line.rstrip("\n")))
    print(json.dumps(result if result is not None else {"failure": failure}), flush=True)
