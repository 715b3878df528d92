// Run by n8n's own Node, which has SQLite: puts credentials into a database that has n8n's tables, encrypted by n8n's own code.
// Standard input: { installation, userFolder, credentials, statements }, credentials as n8n's import:credentials takes them. With
// `statements`, it prints those for PostgreSQL instead, which may get its tables later.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const { installation, userFolder, credentials, statements } = JSON.parse(readFileSync(0, 'utf8'));
const n8nCore = createRequire(join(installation, 'node_modules', 'n8n', 'package.json')).resolve('n8n-core');
const { CipherAes256CBC } = createRequire(n8nCore)('./encryption/aes-256-cbc.js');

// The key of this n8n, as n8n makes and keeps it at its first start. What is encrypted with it n8n reads also after it has made other keys.
const encryptionKey = randomBytes(24).toString('base64');
writeFileSync(join(userFolder, '.n8n', 'config'), JSON.stringify({ encryptionKey }, null, '\t'), { mode: 0o600 });

const text = (value) => `'${value.replaceAll("'", "''")}'`;
const sql = credentials.flatMap(({ id, name, type, data }) => {
	const encrypted = new CipherAes256CBC().encrypt(JSON.stringify(data), encryptionKey);
	return [
		`INSERT INTO credentials_entity (id, name, type, data) VALUES (${[id, name, type, encrypted].map(text).join(', ')});`,
		`INSERT INTO shared_credentials ("credentialsId", "projectId", role) VALUES (${text(id)}, (SELECT id FROM project WHERE type = 'personal'), 'credential:owner');`,
	];
});
if (statements) process.stdout.write(sql.join('\n'));
else {
	const database = new DatabaseSync(join(userFolder, '.n8n', 'database.sqlite'));
	database.exec(sql.join('\n'));
	database.close();
}
