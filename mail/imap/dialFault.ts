/**
 * Why the library could not sign in.
 * @param throttling what the server said if it asked to wait. It may have been about a command that the sign-in can do without.
 */
export function dialFault(error: unknown, throttling: unknown): unknown {
	return isAnswer(error) ? error : (throttling ?? proxyFault(error));
}

/** Whether it is NO or BAD, and not the end of the connection. */
function isAnswer(error: unknown): boolean {
	return error instanceof Error && ['NO', 'BAD'].includes(String(Reflect.get(error, 'responseStatus')));
}

/** The library reports every fault of a proxy in the same way, and keeps the reason in a private field. */
function proxyFault(error: unknown): unknown {
	const reason: unknown = error instanceof Error ? Reflect.get(error, '_err') : undefined;
	if (!(reason instanceof Error)) return error;
	const status = /^Invalid response from proxy: (\d{3})$/.exec(reason.message)?.[1];
	return status === undefined ? reason : new Error(`ECONNREFUSED: the proxy answered HTTP ${status}`);
}
