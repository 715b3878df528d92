import { APP_PERMISSION, DELEGATED_PERMISSION } from '../clouds';
import { box, mailboxArgument, type Circumstances } from './cause';

/** The sentence of a refused token: what it was for, as far as it can be read. */
export function authRemedy(at: Circumstances): string {
	const claims = at.token?.claims();
	const protocol = at.speaker === 'identity' || at.speaker === 'host' ? undefined : at.speaker;
	if (protocol === undefined) return 'Connect the credential again.';
	const general = `Check that the mailbox address is right and the permission ${DELEGATED_PERMISSION[protocol]} (a person signs in) or ${APP_PERMISSION[protocol]} (service account) is granted, then connect again.`;
	if (claims === undefined) return general;
	if (claims.aud !== undefined && !/outlook|exchange|00000002-0000-0ff1-ce00-000000000000/i.test(claims.aud)) {
		return `The token is for ${claims.aud}, not for Exchange Online: mail permissions are not to be mixed with Graph's; check "Cloud" and the scopes, then connect again.`;
	}
	const held = claims.scp ?? claims.roles?.join(' ') ?? '';
	const wanted = claims.scp === undefined && claims.roles !== undefined ? APP_PERMISSION[protocol] : DELEGATED_PERMISSION[protocol];
	if (!held.split(' ').includes(wanted)) {
		return `The token lacks the permission ${wanted} (it has: ${held || 'none'}); ${claims.scp === undefined ? 'grant it in the app registration with admin consent' : 'tick the protocol in the credential and connect again'}.`;
	}
	if (claims.roles !== undefined && claims.scp === undefined) {
		return `The token is right (audience ${claims.aud ?? '?'}, ${wanted}), so Exchange does not know the app or the mailbox: an admin runs New-ServicePrincipal -AppId ${claims.appid ?? '<client id>'} -ObjectId <object id of the Enterprise application> and Add-MailboxPermission -Identity ${mailboxArgument(at)} -User <service principal> -AccessRights FullAccess.`;
	}
	return `The token is right (audience ${claims.aud ?? '?'}, ${wanted}, user ${claims.upn ?? '?'}), so check that this user may open ${box(at)} (FullAccess for a shared mailbox) and that ${protocol.toUpperCase()} is switched on for it.`;
}
