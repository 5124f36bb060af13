/**
 * Sends requests: timeouts, retries, and responses that are errors. It knows nothing of tokens.
 *
 * @module
 */

import {addressOf} from "./address.js";
import {ApiError, errorOf, isPassing, NetworkError, TimeoutError, withUncertainty} from "./errors.js";
import {deadline, sleep} from "./waiting.js";

/** The longest wait before the first retry, in milliseconds; each further one may be twice as long. */
const FIRST_WAIT = 500;

const REDIRECTED = "redirected";
/** The statuses of a redirect; a browser hides them. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * @typedef {object} Sending one request
 * @property {string} method
 * @property {string} path below the address of the server
 * @property {Record<string, string>} [params]
 * @property {Record<string, string | undefined>} [headers]
 * @property {unknown} [json] the body, as a value
 * @property {BodyInit} [body] the body, as it is
 * @property {AbortSignal} [signal]
 * @property {number} [timeout]
 * @property {number} [retries]
 * @property {boolean} [cookies] whether the cookie of the refresh token goes along
 * @property {boolean} [repeatable] whether executing it twice is the same as once; by default all but POST are
 * @property {boolean} [retryTimeouts]
 * @property {() => void} [onUncertain] called before a retry of what may have been executed already
 * @property {boolean} [hasKey] whether a retry of what has been executed gets the first response again
 */

export class Transport {
    /** @param {Required<Pick<import("./types.js").ClientOptions, "url" | "mode" | "fetch" | "timeout" | "retries" | "maxRetryDelay">> & {database?: string}} options */
    constructor(options) {
        this.options = options;
    }

    /**
     * Sends a request, again if that is safe and may help, and reads the response.
     *
     * @template T
     * @param {Sending} request
     * @param {(response: Response) => Promise<T>} read
     * @returns {Promise<T>}
     */
    async send(request, read) {
        const retries = request.retries ?? this.options.retries;
        let uncertain = false;
        for (let attempt = 0; ; attempt++) {
            try {
                return await this.#once(request, read);
            } catch (error) {
                // what an earlier try may have executed stays, whatever this one says
                if (uncertain && error instanceof ApiError && !isProof(error, request)) error.uncertain = true;
                const wait = attempt < retries ? this.#wait(error, request, attempt) : null;
                if (wait === null) throw error;
                await sleep(wait, request.signal);
                uncertain = /** @type {ApiError} */ (error).uncertain;
                if (uncertain) request.onUncertain?.();
            }
        }
    }

    /**
     * @template T
     * @param {Sending} request
     * @param {(response: Response) => Promise<T>} read
     * @returns {Promise<T>}
     */
    async #once(request, read) {
        const limit = deadline(request.signal, request.timeout ?? this.options.timeout);
        const writes = request.method !== "GET";
        const offline = isOffline();
        try {
            const response = await this.#fetch(request, limit.signal);
            if (isRedirect(response)) throw redirected(response);
            if (!response.ok) throw await errorOf(response, writes);
            return await read(response);
        } catch (error) {
            if (error instanceof ApiError) throw withUncertainty(error, error.uncertain && writes);
            if (request.signal?.aborted) throw request.signal.reason;
            // without a network nothing has been sent
            const details = {uncertain: writes && !(offline && isOffline()), cause: error};
            if (limit.expired()) {
                throw new TimeoutError("The server did not answer in time.", {code: "timeout", ...details});
            }
            throw new NetworkError("The server cannot be reached.", {code: "network_error", ...details});
        } finally {
            limit.done();
        }
    }

    /**
     * Sends a request once. A redirect is not followed: the refresh token would go along, also to another server.
     *
     * @param {Sending} request
     * @param {AbortSignal} signal
     */
    #fetch(request, signal) {
        const {url, database, mode, fetch} = this.options;
        const query = new URLSearchParams(request.params).toString();
        const headers = {
            Accept: "application/json",
            "X-Client-Type": mode,
            "X-Odoo-Database": database,
            "Content-Type": request.json === undefined ? undefined : "application/json",
            ...request.headers,
        };
        const given = Object.entries(headers).filter(([, value]) => value !== undefined);
        return fetch(`${addressOf(url, request.path)}${query && `?${query}`}`, {
            method: request.method,
            headers: /** @type {Record<string, string>} */ (Object.fromEntries(given)),
            body: request.json === undefined ? request.body : JSON.stringify(request.json),
            credentials: mode === "app" ? "omit" : request.cookies ? "include" : "same-origin",
            cache: "no-store",
            redirect: "manual",
            signal,
        });
    }

    /**
     * Returns how long to wait before a retry, or null if there shall be none.
     *
     * 429 and 503 say that nothing was executed. Without a response nobody knows, so only what may be executed twice is
     * sent twice.
     *
     * @param {unknown} error
     * @param {Sending} request
     * @param {number} attempt
     * @returns {number | null}
     */
    #wait(error, request, attempt) {
        if (!(error instanceof ApiError) || !isPassing(error) || error.code === REDIRECTED) return null;
        if (error.status !== 429 && error.status !== 503) {
            const repeatable = request.repeatable ?? request.method !== "POST";
            if (!repeatable || isOffline()) return null;
            if (error instanceof TimeoutError && !request.retryTimeouts) return null;
        }
        const asked = (error.retryAfter ?? 0) * 1000;
        if (asked > this.options.maxRetryDelay) return null;
        // spread, so that clients that failed together do not come back together
        const own = FIRST_WAIT * 2 ** attempt * (0.5 + Math.random() / 2);
        return Math.max(asked, own);
    }
}

const isOffline = () => globalThis.navigator?.onLine === false;

/**
 * Returns whether a response is a redirect, or what is behind one that was followed all the same.
 *
 * @param {Response} response
 */
function isRedirect(response) {
    return response.type === "opaqueredirect" || response.redirected || REDIRECTS.has(response.status);
}

/** @param {Response} response */
function redirected(response) {
    const message = "The server redirects to another address. Check the url of the client: is it http:// in place of https://?";
    return new NetworkError(message, {
        code: REDIRECTED,
        status: response.status,
        uncertain: response.redirected,
    });
}

/**
 * Returns whether an error proves that no earlier try has been executed.
 *
 * @param {ApiError} error
 * @param {Sending} request
 */
function isProof(error, request) {
    return request.hasKey === true && error.body !== null && [400, 422].includes(error.status);
}

/**
 * Reads a JSON response.
 *
 * A page in its place, with status 200, comes from a network that wants a login of its own.
 *
 * @param {Response} response
 * @returns {Promise<any>}
 */
export async function readJson(response) {
    const text = await response.text();
    try {
        return JSON.parse(text);
    } catch {
        throw badResponse(response.status);
    }
}

/** @param {number} status */
export function badResponse(status) {
    return new NetworkError("The response is not that of the API.", {code: "bad_response", status, uncertain: true});
}
