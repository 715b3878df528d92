import { homedir } from 'node:os';
import { join } from 'node:path';

/** Everything that is kept between runs lies here. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'n8n-nodes-office365-mail');

/** Where Node keeps what it has compiled (NODE_COMPILE_CACHE). */
export const COMPILED = join(CACHE, 'compiled');
