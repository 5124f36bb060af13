/**
 * The session: who is logged in, the access token, and how it is renewed.
 *
 * The access token is in memory only. The refresh token is in the HttpOnly cookie (mode `browser`), which no script can
 * read, or in the given storage (mode `app`).
 *
 * @module
 */

import {ApiError, isPassing, LoggedOutError, UserChangedError} from "./errors.js";
import {withLock} from "./locks.js";
import {askBrowser} from "./passkeys.js";
import {openChannel} from "./tabs.js";
import {sturdyStorage} from "./storage.js";
import {badResponse, readJson} from "./transport.js";
import {abortable, sleep, tellAll} from "./waiting.js";

/**
 * A refresh whose response is lost may be repeated for ten seconds: the server then returns the same new token. So no try
 * may take so long that the next one comes too late.
 */
const REFRESH_TIMEOUT = 8_000;

/** An access token is replaced this many milliseconds before it expires, or in the last tenth of its time. */
const MARGIN = 60_000;

/**
 * @typedef {{refreshToken: string, userId: number}} Stored
 * @typedef {{token: string, userId: number, session: string | null, expiresAt: number, renewAt: number}} Access
 */

export class Session {
    /** @type {Access | null} */
    #access = null;
    /** @type {import("./types.js").AuthState} */
    #state = {status: "unknown", userId: null, reason: "start"};
    /** @type {Promise<void> | null} */
    #renewing = null;
    /** @type {Set<(state: import("./types.js").AuthState) => void>} */
    #listeners = new Set();

    /**
     * @param {import("./transport.js").Transport} transport
     * @param {import("./types.js").ClientStorage} storage
     * @param {string} key the beginning of all names in the storage
     * @param {boolean} shared whether other tabs have the same refresh token
     */
    constructor(transport, storage, key, shared) {
        this.transport = transport;
        this.storage = sturdyStorage(storage);
        this.isApp = transport.options.mode === "app";
        this.lock = `${key}.session`;
        this.keys = {
            /** What an app stores: the refresh token and its user. */
            refresh: `${key}.refresh-token`,
            /** Who was logged in last: enough to know whose writes wait, before the server can be asked. */
            user: `${key}.user`,
            /** A log-out that the server has not heard of yet: the cookie must not be used any more. */
            ended: `${key}.ended`,
        };
        const silent = {post() {}, close() {}};
        this.channel = shared ? openChannel(this.lock, (message) => this.#hear(message)) : silent;
    }

    get state() {
        return this.#state;
    }

    /**
     * @param {(state: import("./types.js").AuthState) => void} listener
     * @returns {() => void}
     */
    subscribe(listener) {
        this.#listeners.add(listener);
        queueMicrotask(() => this.#listeners.has(listener) && listener(this.#state));
        return () => void this.#listeners.delete(listener);
    }

    close() {
        this.channel.close();
        this.#listeners.clear();
    }

    // --- log in and out ----------------------------------------------------------------------

    /**
     * @param {string} path
     * @param {unknown} body
     * @param {AbortSignal} [signal]
     */
    logIn(path, body, signal) {
        // within the lock: a refresh with the cookie of the session before must not end after this
        return withLock(this.lock, async () => {
            const answer = await this.#post(path, {json: body, signal, retries: 0});
            await this.#store(answer.value.refreshToken, answer.value.user_id);
            await this.storage.removeItem(this.keys.ended);
            await this.#adopt(accessOf(answer.value.token, answer.expiresIn), "login");
            return this.#state;
        });
    }

    /**
     * @param {import("./types.js").PasskeyOptions} options
     */
    async logInWithPasskey({signal, ask = askBrowser}) {
        const path = "/api/login/passkey";
        const challenge = (await this.#post(`${path}/options`, {signal})).value;
        const credential = await ask(challenge.options, signal);
        return this.logIn(path, {passkey_token: challenge.passkey_token, credential}, signal);
    }

    /** @param {{all?: boolean}} options */
    logOut({all = false}) {
        return withLock(this.lock, async () => {
            const stored = await this.#stored();
            const access = this.#access;
            if (!this.isApp) await this.storage.setItem(this.keys.ended, "1");
            await this.storage.removeItem(this.keys.refresh);
            await this.#end("logout");
            this.channel.post({type: "out", session: access?.session ?? null});
            if (!this.isApp || stored || access) await this.#revoke(all, access, stored);
        });
    }

    /**
     * @param {boolean} all
     * @param {Access | null} access
     * @param {Stored | null} stored
     */
    async #revoke(all, access, stored) {
        const headers = {
            Authorization: access ? `Bearer ${access.token}` : undefined,
            refreshToken: stored?.refreshToken,
        };
        try {
            await this.#post("/api/revoke/token", {json: all ? {all} : {}, headers, repeatable: true});
        } catch (error) {
            // the session was over before
            if (!isRefused(error)) throw error;
        }
        await this.storage.removeItem(this.keys.ended);
    }

    /** Finds out who is logged in, for a page or an app that begins. */
    async restore() {
        if (this.#state.status !== "logged-in") {
            try {
                await this.#renew(null);
            } catch (error) {
                if (!(error instanceof LoggedOutError)) throw error;
            }
        }
        return this.#state;
    }

    /** Who is logged in, or was when there was a network last. */
    async lastUser() {
        const known = this.#state.userId ?? Number(await this.storage.getItem(this.keys.user));
        return known || null;
    }

    // --- the access token --------------------------------------------------------------------

    /**
     * Returns an access token that is valid for a while.
     *
     * @param {AbortSignal} [signal]
     * @returns {Promise<Access>}
     */
    async access(signal) {
        const access = this.#access;
        if (access && Date.now() < access.renewAt) return access;
        if (this.#state.status === "logged-out") throw new LoggedOutError();
        const user = this.#state.userId;
        try {
            await abortable(this.#renew(access), signal);
        } catch (error) {
            // the last minute of the old one is there for this
            const usable = access && this.#access === access && Date.now() < access.expiresAt;
            if (!usable || !isPassing(error)) throw error;
        }
        return this.#accessOf(user);
    }

    /**
     * Returns another access token than the one that the server has refused.
     *
     * @param {Access} refused
     * @param {AbortSignal} [signal]
     * @returns {Promise<Access>}
     */
    async accessAfter(refused, signal) {
        if (this.#access?.token === refused.token) await abortable(this.#renew(this.#access), signal);
        return this.#accessOf(refused.userId);
    }

    /**
     * Returns the access token, which must be that of the user who began the request.
     *
     * @param {number | null} userId
     */
    #accessOf(userId) {
        if (!this.#access) throw new LoggedOutError();
        if (userId !== null && this.#access.userId !== userId) throw new UserChangedError();
        return this.#access;
    }

    /** Replaces the refresh token of an app; once more if the server refuses the access token. */
    rotate() {
        return withLock(this.lock, async () => {
            try {
                await this.#rotateLocked();
            } catch (error) {
                if (!(error instanceof ApiError) || error.code !== "invalid_token") throw error;
                await this.#renewLocked();
                await this.#rotateLocked();
            }
        });
    }

    async #rotateLocked() {
        const stored = await this.#stored();
        if (!stored || !this.#access) throw new LoggedOutError();
        const headers = {
            Authorization: `Bearer ${this.#access.token}`,
            refreshToken: stored.refreshToken,
        };
        const answer = await this.#refresh("/api/update/refresh-token", headers);
        await this.#store(answer.value.refreshToken, stored.userId);
    }

    /**
     * Gets a new access token in place of *stale*: one request for all who wait for it.
     *
     * @param {Access | null} stale
     * @returns {Promise<void>}
     */
    #renew(stale) {
        this.#renewing ??= withLock(this.lock, async () => {
            // what another tab has posted before it released the lock arrives now
            await sleep(0);
            if (this.#access && this.#access !== stale) return;
            await this.#finishLogOut();
            await this.#renewLocked();
        }).finally(() => {
            this.#renewing = null;
        });
        return this.#renewing;
    }

    /** Tells the server of a log-out that it has not heard of, because there was no network. */
    async #finishLogOut() {
        if (this.isApp || !(await this.storage.getItem(this.keys.ended))) return;
        await this.#revoke(false, null, null);
        await this.#end("logout");
        throw new LoggedOutError();
    }

    async #renewLocked() {
        for (;;) {
            const stored = await this.#stored();
            if (this.isApp && !stored) {
                await this.#end((await this.lastUser()) ? "expired" : "start");
                throw new LoggedOutError();
            }
            try {
                const headers = {refreshToken: stored?.refreshToken};
                const answer = await this.#refresh("/api/update/access-token", headers);
                const access = accessOf(answer.value.access_token, answer.expiresIn);
                if (this.isApp) await this.#store(answer.value.refreshToken, access.userId);
                return await this.#adopt(access, "refresh");
            } catch (error) {
                if (!isRefused(error)) throw error;
                // somebody without our lock, such as another process, may have replaced it
                const now = await this.#stored();
                if (now && now.refreshToken !== stored?.refreshToken) continue;
                await this.#expire(error);
            }
        }
    }

    /** @param {unknown} error */
    async #expire(error) {
        const session = this.#access?.session ?? null;
        const reason = (await this.lastUser()) ? "expired" : "start";
        await this.storage.removeItem(this.keys.refresh);
        await this.#end(reason);
        if (session) this.channel.post({type: "out", session});
        throw new LoggedOutError("The session has ended. Log in again.", error);
    }

    /**
     * @param {string} path
     * @param {Record<string, string | undefined>} headers
     */
    #refresh(path, headers) {
        return this.#post(path, {
            headers,
            timeout: REFRESH_TIMEOUT,
            repeatable: true,
            retryTimeouts: true,
        });
    }

    /**
     * @param {string} path
     * @param {Partial<import("./transport.js").Sending>} request
     */
    #post(path, request) {
        return this.transport.send({json: {}, cookies: true, ...request, method: "POST", path}, async (response) => ({
            value: await readJson(response),
            expiresIn: Number(response.headers.get("X-Token-Expires-In")) || null,
        }));
    }

    // --- what is known and stored ------------------------------------------------------------

    /** @returns {Promise<Stored | null>} */
    async #stored() {
        const text = this.isApp ? await this.storage.getItem(this.keys.refresh) : null;
        try {
            return text ? JSON.parse(text) : null;
        } catch {
            // nothing of it can be used
            return null;
        }
    }

    /**
     * Stores a new refresh token, before it is used.
     *
     * @param {unknown} refreshToken a string if it is a new one for this client to keep
     * @param {number} userId
     */
    async #store(refreshToken, userId) {
        if (!this.isApp || typeof refreshToken !== "string") return;
        await this.storage.setItem(this.keys.refresh, JSON.stringify({refreshToken, userId}));
    }

    /**
     * @param {Access} access
     * @param {"login" | "refresh"} reason
     */
    async #adopt(access, reason) {
        this.#access = access;
        await this.storage.setItem(this.keys.user, String(access.userId));
        this.channel.post({type: "token", ...access});
        this.#tell({status: "logged-in", userId: access.userId, reason});
    }

    /** @param {"logout" | "expired" | "start"} reason */
    async #end(reason) {
        this.#access = null;
        await this.storage.removeItem(this.keys.user);
        this.#tell({status: "logged-out", userId: null, reason});
    }

    /** @param {import("./types.js").AuthState} state */
    #tell(state) {
        const before = this.#state;
        this.#state = state;
        if (before.status === state.status && before.userId === state.userId) return;
        tellAll(this.#listeners, state);
    }

    /** @param {import("./tabs.js").Message} message */
    #hear(message) {
        if (message.type === "token") {
            const {token, userId, session, expiresAt} = message;
            const same = this.#access?.userId === userId;
            if (token && expiresAt) this.#access = withTimes(token, userId, session, expiresAt);
            else if (!same) this.#access = null;
            this.#tell({status: "logged-in", userId, reason: "other-tab"});
        } else if (message.type === "out") {
            const other = this.#access && message.session && this.#access.session !== message.session;
            if (other) return;
            this.#access = null;
            this.#tell({status: "logged-out", userId: null, reason: "other-tab"});
        }
    }
}

/**
 * Reads an access token. Its times are those of the server's clock, so only their difference counts here.
 *
 * @param {string} token
 * @param {number | null} expiresIn the seconds that the response says
 * @returns {Access}
 */
function accessOf(token, expiresIn) {
    const claims = claimsOf(token);
    const seconds = expiresIn ?? claims.exp - claims.iat;
    return withTimes(token, claims.user_id, claims.sid ?? null, Date.now() + seconds * 1000);
}

/**
 * @param {string} token
 * @param {number} userId
 * @param {string | null} session
 * @param {number} expiresAt
 * @returns {Access}
 */
function withTimes(token, userId, session, expiresAt) {
    const margin = Math.min(MARGIN, (expiresAt - Date.now()) / 10);
    return {token, userId, session, expiresAt, renewAt: expiresAt - margin};
}

/**
 * @param {string} token
 * @returns {{user_id: number, exp: number, iat: number, sid?: string}}
 */
function claimsOf(token) {
    try {
        const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
        return JSON.parse(atob(payload));
    } catch {
        // some other JSON, from something in between
        throw badResponse(200);
    }
}

/** What the API says of a token that is not valid any more. */
const REFUSALS = new Set(["invalid_refresh_token", "invalid_grant", "invalid_token", "missing_token"]);

/** @param {unknown} error whether the server, not something in between, has refused the token */
function isRefused(error) {
    return error instanceof ApiError && REFUSALS.has(error.code);
}
