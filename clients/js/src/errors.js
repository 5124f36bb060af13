/**
 * The errors that the client throws. All of them are an `ApiError`: look at `code`, or at the class.
 *
 * @module
 */

/** A request that failed: refused by the server, or without a usable response. */
export class ApiError extends Error {
    /**
     * @param {string} message a sentence for people, in the language of the request
     * @param {import("./types.js").ErrorDetails} details
     */
    constructor(message, details) {
        super(message, details.cause === undefined ? undefined : {cause: details.cause});
        this.name = new.target.name;
        /** The machine-readable code, such as `validation_error`. Codes never change. */
        this.code = details.code;
        /** The HTTP status; 0 if there was no response. */
        this.status = details.status ?? 0;
        /** The fields or parameters that the error is about, with a list of sentences for each. */
        this.fields = details.fields ?? {};
        /** The number of seconds after which to try again, or null. */
        this.retryAfter = details.retryAfter ?? null;
        /** True if the server may have executed the request although it failed. */
        this.uncertain = details.uncertain ?? false;
        /** The JSON body of the response, or null. */
        this.body = details.body ?? null;
    }
}

/** No usable response: the network or the server is down, or something in between answered. */
export class NetworkError extends ApiError {}

/** The response did not come in time. */
export class TimeoutError extends NetworkError {}

/** The request was not sent: its path would lead away from Odoo, and the tokens with it. */
export class AddressError extends ApiError {
    /** @param {string} path */
    constructor(path) {
        super(`This is no path of the server: ${path}. It begins with one "/".`, {code: "foreign_address"});
    }
}

/** The storage of the device cannot be used: it is full, blocked or locked. */
export class StorageError extends ApiError {
    /** @param {unknown} [cause] */
    constructor(cause) {
        super("The storage of this device cannot be used.", {code: "storage_error", cause});
    }
}

/** Nobody is logged in: the person has logged out, or the session has ended. */
export class LoggedOutError extends ApiError {
    /** @param {string} [message] @param {unknown} [cause] */
    constructor(message = "You are not logged in.", cause) {
        super(message, {code: "logged_out", status: 401, cause});
    }
}

/** Another person has logged in in another tab: the request was not sent. */
export class UserChangedError extends ApiError {
    constructor() {
        super("Another user has logged in in this browser.", {code: "user_changed", status: 401});
    }
}

/** Login and password are right, but the account has a second factor. */
export class MfaRequiredError extends ApiError {
    /** @param {string} message @param {import("./types.js").ErrorDetails} details */
    constructor(message, details) {
        super(message, details);
        const body = /** @type {Record<string, unknown>} */ (details.body ?? {});
        /** Send it with the code to `logInWithCode`. */
        this.mfaToken = String(body.mfa_token);
        /** `totp`: a code of the authenticator app. `totp_mail`: a code that was sent by e-mail. */
        this.mfaType = String(body.mfa_type);
        /** How many seconds the `mfaToken` is valid. */
        this.expiresIn = Number(body.expires_in);
    }
}

/** What only a reverse proxy says: Odoo cannot be reached, or has not answered in time. */
const GATEWAY = new Set([502, 504]);

/** What something in between says about the request itself, so that it does not help to send it again. */
const ABOUT_THE_REQUEST = new Set([400, 403, 405, 413, 414, 415, 431]);

/**
 * Makes the error for a response whose status is not 2xx.
 *
 * A response that is no error of the API comes from something in between, such as a reverse proxy.
 *
 * @param {Response} response
 * @param {boolean} writes whether the request may have changed something
 * @returns {Promise<ApiError>}
 */
export async function errorOf(response, writes) {
    const body = await jsonOf(response);
    const status = response.status;
    const retryAfter = secondsOf(response.headers);
    if (typeof body?.error !== "string") {
        const message = `The server answered ${status} ${response.statusText}`.trimEnd() + ".";
        const uncertain = writes && status >= 500 && status !== 503;
        const Kind = ABOUT_THE_REQUEST.has(status) ? ApiError : NetworkError;
        return new Kind(message, {code: `http_${status}`, status, retryAfter, uncertain});
    }
    const isGateway = GATEWAY.has(status);
    const Kind = isGateway ? NetworkError : body.error === "mfa_required" ? MfaRequiredError : ApiError;
    return new Kind(String(body.message), {
        code: body.error,
        status,
        retryAfter,
        uncertain: writes && isGateway,
        fields: /** @type {Record<string, string[]>} */ (body.fields ?? {}),
        body,
    });
}

/**
 * Returns an error for one of several calls that wait for the same request.
 *
 * @template E
 * @param {E} error
 * @param {boolean} uncertain whether the server may have executed this call
 * @returns {E}
 */
export function withUncertainty(error, uncertain) {
    if (!(error instanceof ApiError) || error.uncertain === uncertain) return error;
    const copy = new ApiError(error.message, {...error, cause: error.cause});
    return Object.setPrototypeOf(Object.assign(copy, error, {uncertain}), Object.getPrototypeOf(error));
}

/** @param {unknown} error whether it passes by itself, so that it helps to try again later */
export function isPassing(error) {
    if (error instanceof NetworkError || error instanceof StorageError) return true;
    return error instanceof ApiError && [429, 503].includes(error.status);
}

/**
 * @param {Response} response
 * @returns {Promise<Record<string, unknown> | null>}
 */
async function jsonOf(response) {
    try {
        return await response.json();
    } catch {
        return null;
    }
}

/**
 * Reads a `Retry-After`: a number of seconds, or a date of the server's clock.
 *
 * @param {Headers} headers
 * @returns {number | null}
 */
function secondsOf(headers) {
    const text = headers.get("Retry-After");
    if (!text) return null;
    const now = Date.parse(headers.get("Date") ?? "") || Date.now();
    const seconds = /^\d+$/.test(text.trim()) ? Number(text) : (Date.parse(text) - now) / 1000;
    return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
