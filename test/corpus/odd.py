"""Writes mails into a folder: trees of parts that Python's email package makes, half of them then broken in one place."""

import os
import random
import sys
from email import policy
from email.message import EmailMessage

folder, count = sys.argv[1], int(sys.argv[2])
chance = random.Random(11)
NAMES = ["report.pdf", "Übersicht März.xlsx", "見積書.pdf", "a;b, c.txt", 'say "hi".doc', "x" * 90 + ".bin", "Ölpreis – Überblick, zweite Fassung, für alle Abteilungen.docx"]
WORDS = ["Hello", "Grüße", "naïve", "Привет", "こんにちは", "€ 5", "=?x", "--", "From here", ".", "line with blank ", "\t", "a" * 300, "=3D", "&amp;", "😀"]
PEOPLE = ["ada@example.test", "Ada Löwe <ada@example.test>", '"Last, First" <l.f@example.test>', "山田 <y@example.test>", "grace+tag@sub.example.test"]


def text():
    return "\n".join(" ".join(chance.choice(WORDS) for _ in range(chance.randint(0, 12))) for _ in range(chance.randint(1, 12))) + "\n"


def charset_for(content):
    for name in chance.sample(["us-ascii", "iso-8859-1", "iso-8859-15", "koi8-r", "shift_jis"], 5):
        try:
            content.encode(name)
            return name
        except UnicodeEncodeError:
            pass
    return "utf-8"


def mail(depth=0):
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = chance.choice(PEOPLE)
    message["To"] = ", ".join(chance.sample(PEOPLE, chance.randint(1, 4)))
    if chance.random() < 0.4:
        message["Cc"] = ", ".join(chance.sample(PEOPLE, chance.randint(1, 3)))
    message["Subject"] = " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 9))).strip().replace("\t", "")
    message["Date"] = f"{chance.randint(1, 28)} {chance.choice(['Jan', 'Feb', 'Aug'])} {chance.randint(1999, 2026)} {chance.randint(0, 23):02}:12:45 {chance.choice(['+0000', '-0330', '+0545', 'GMT'])}"
    content = text()
    message.set_content(content, charset=charset_for(content))
    if chance.random() < 0.5:
        html = f"<html><body><p>{text()}</p></body></html>\n"
        message.add_alternative(html, subtype="html", charset=charset_for(html))
        if chance.random() < 0.5:
            message.get_payload()[1].add_related(chance.randbytes(chance.randint(0, 500)), "image", "png", cid="<logo@example.test>")
    for _ in range(chance.choice([0, 0, 1, 2, 5])):
        kind = chance.random()
        if kind < 0.2 and depth < 3:
            message.add_attachment(mail(depth + 1))
        elif kind < 0.4:
            message.add_attachment(text(), filename=chance.choice(["notes.txt", "Ü.txt"]), charset="utf-8")
        else:
            message.add_attachment(chance.randbytes(chance.choice([0, 1, 56, 57, 58, 5000])), "application", chance.choice(["pdf", "octet-stream", "vnd.ms-excel"]), filename=chance.choice(NAMES))
    return message


def broken(content):
    kind = chance.choice(["lf", "blanks", "cut", "no end", "mime", "preamble", "folding", "case"])
    if kind == "lf":
        return kind, content.replace(b"\r\n", b"\n")
    if kind == "blanks":
        return kind, b"\r\n".join(line + b"  " if line.startswith(b"--====") else line for line in content.split(b"\r\n"))
    if kind == "cut":
        return kind, content[: int(len(content) * chance.uniform(0.5, 0.95))]
    if kind == "no end":
        return kind, b"\r\n".join(line for line in content.split(b"\r\n") if not (line.startswith(b"--====") and line.endswith(b"--")))
    if kind == "mime":
        return kind, content.replace(b"MIME-Version: 1.0\r\n", b"")
    if kind == "preamble":
        return kind, content.replace(b"\r\n\r\n--===", b"\r\n\r\nThis is a multi-part message in MIME format.\r\n\r\n--===", 1)
    if kind == "folding":
        return kind, content.replace(b"Subject: ", b"Subject:\r\n ", 1)
    return kind, content.replace(b"Content-Transfer-Encoding: base64", b"CONTENT-TRANSFER-ENCODING:BASE64").replace(b"boundary=", b"BOUNDARY=")


for number in range(count):
    kind, content = "whole", mail().as_bytes()
    if number % 2 == 1:
        kind, content = broken(content)
    with open(os.path.join(folder, f"{number:03}-{kind.replace(' ', '-')}.eml"), "wb") as file:
        file.write(content)
