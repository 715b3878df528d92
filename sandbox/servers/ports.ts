import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { CACHE } from '../cache';

/** Whether nothing listens there, on any address of this machine. */
export async function isFree(port: number): Promise<boolean> {
	const listens = async (host: string): Promise<boolean> =>
		await new Promise((resolve) => {
			const server = createServer().once('error', () => resolve(true));
			server.listen(port, host, () => server.close(() => resolve(false)));
		});
	return !(await listens('127.0.0.1')) && !(await listens('0.0.0.0'));
}

/** The lowest port that is tried. */
const LOWEST = 12_000;

/**
 * Where Linux begins with the ports that it gives to whoever connects somewhere. One of those may be taken by such a connection between
 * the search for it and its use, or while a server that has it is started anew.
 */
function firstOfConnections(): number {
	try {
		const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/, 1)[0]);
		return first >= LOWEST + 2_000 ? first : 65_536;
	} catch {
		return 65_536;
	}
}

/** A file for each port that a process of ours has found, so that no other takes it before it is used. */
const RESERVED = join(CACHE, 'ports');
const own = new Set<string>();

/** Free ports on loopback, which no connection and no other process of ours will take as long as this process lives. */
export async function freePorts(count: number): Promise<number[]> {
	mkdirSync(RESERVED, { recursive: true });
	const end = firstOfConnections();
	const ports: number[] = [];
	for (let tries = 0; ports.length < count; tries++) {
		if (tries > 10_000) throw new Error(`There is no free port between ${LOWEST} and ${end}.`);
		const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
		if (reserve(port) && (await isFree(port))) ports.push(port);
	}
	return ports;
}

/** @returns whether the port is this process's from now on */
function reserve(port: number): boolean {
	const file = join(RESERVED, String(port));
	try {
		writeFileSync(file, String(process.pid), { flag: 'wx' });
		if (own.size === 0) process.once('exit', () => own.forEach((path) => rmSync(path, { force: true })));
		own.add(file);
		return true;
	} catch {
		// Whoever reserved it may have been killed. It is tried again another time.
		if (!lives(file)) rmSync(file, { force: true });
		return false;
	}
}

function lives(file: string): boolean {
	try {
		const pid = Number(readFileSync(file, 'utf8'));
		if (pid > 0) process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}
