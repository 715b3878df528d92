import { CONSUMER_SMTP, isHighVolume } from '../clouds';
import { label, type Circumstances } from './cause';

/**
 * Personal accounts (Outlook.com, Hotmail) have no admin and no PowerShell. They are known by their own SMTP host, and by their tokens,
 * which are the only ones that cannot be read.
 */
export function ofPersonal({ speaker, peer, token }: Circumstances): boolean {
	if (isHighVolume(peer)) return false;
	const atOwnHost = speaker === 'smtp' && peer?.startsWith(CONSUMER_SMTP.host) === true;
	return atOwnHost || (token !== undefined && token.claims() === undefined);
}

/** The page of Outlook.com with the only switches that its users have for IMAP and POP, which are off at first. */
const SETTINGS = 'outlook.com under Settings, Mail, Forwarding and IMAP';

/** Added to other remedies if the account may be a personal one. */
export function ownSwitch(at: Circumstances): string {
	if (at.speaker === 'smtp' || !ofPersonal(at)) return '';
	return ` For a personal account, also check that ${label(at)} is turned on at ${SETTINGS}.`;
}

export function turnOnProtocol(at: Circumstances): string {
	return `Turn on "Let devices and apps use ${label(at)}" at ${SETTINGS}.`;
}

/**
 * There is no switch for SMTP alone. Microsoft turns it off for new accounts: https://github.com/thunderbird/thunderbird-android/issues/10787
 * and …/11198. Those of POP and IMAP help in some cases: https://inflowave.netlify.app/resources/smtp-credentials-outlook
 */
export const TURN_ON_SMTP =
	`Turn on "Let devices and apps use POP" and the same for IMAP at ${SETTINGS}. Outlook.com has no switch for SMTP alone. ` +
	'It can be off in accounts that are new. If it stays off, use an older account.';

/** https://support.microsoft.com/office/pop-imap-and-smtp-settings-for-outlook-com-d088b986-291d-42b8-9564-9c414e2aa040 */
export const CONFIRM_SIGN_IN = 'If Microsoft has blocked the sign-in, choose "This was me" at https://account.live.com/activity.';

/** Outlook.com lets nobody grant Send As: https://github.com/gophish/gophish/issues/2900, https://github.com/rss2email/rss2email/issues/147 */
export const OWN_ALIASES_ONLY =
	"Leave From Email empty, or enter the account's own address or one of its aliases (https://account.live.com/names/manage).";
