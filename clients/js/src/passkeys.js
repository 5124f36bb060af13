/**
 * Passkeys in a browser. In other places, pass a function of your own to `logInWithPasskey`.
 *
 * @module
 */

/**
 * Asks the browser for a passkey.
 *
 * @param {Record<string, any>} options the options of the server, as JSON
 * @param {AbortSignal} [signal]
 * @returns {Promise<unknown>} the credential, as JSON
 */
export async function askBrowser(options, signal) {
    const publicKey = parsed(options);
    const credential = await navigator.credentials.get({publicKey, ...(signal && {signal})});
    return asJson(/** @type {PublicKeyCredential} */ (credential));
}

/**
 * @param {Record<string, any>} options
 * @returns {PublicKeyCredentialRequestOptions}
 */
function parsed(options) {
    if (PublicKeyCredential.parseRequestOptionsFromJSON) {
        const json = /** @type {PublicKeyCredentialRequestOptionsJSON} */ (options);
        return PublicKeyCredential.parseRequestOptionsFromJSON(json);
    }
    const allowCredentials = (options.allowCredentials ?? []).map(
        (/** @type {any} */ each) => ({...each, id: decoded(each.id)}),
    );
    return {...options, challenge: decoded(options.challenge), allowCredentials};
}

/** @param {PublicKeyCredential} credential */
function asJson(credential) {
    if (typeof credential.toJSON === "function") return credential.toJSON();
    const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
    return {
        id: credential.id,
        rawId: encoded(credential.rawId),
        type: credential.type,
        authenticatorAttachment: credential.authenticatorAttachment,
        clientExtensionResults: credential.getClientExtensionResults(),
        response: {
            clientDataJSON: encoded(response.clientDataJSON),
            authenticatorData: encoded(response.authenticatorData),
            signature: encoded(response.signature),
            userHandle: response.userHandle ? encoded(response.userHandle) : null,
        },
    };
}

/** @param {string} text base64url */
function decoded(text) {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function encoded(buffer) {
    const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
