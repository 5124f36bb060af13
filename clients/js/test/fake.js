/**
 * A server in a function: `fetch` of a client, with sessions that end and tokens that expire when a test wants it.
 */

import {createClient, memoryStorage} from "../src/index.js";

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Makes an access token with the claims that the client reads. */
export function accessToken({userId = 7, session = "s1", seconds = 900, now = Date.now() / 1000} = {}) {
    const claims = {user_id: userId, sid: session, iat: Math.floor(now), exp: Math.floor(now) + seconds};
    return `${base64({alg: "none"})}.${base64({...claims, jti: Math.random()})}.`;
}

export function json(status, value, headers = {}) {
    return new Response(JSON.stringify(value), {
        status,
        headers: {"Content-Type": "application/json", ...headers},
    });
}

export function refused(status, error, more = {}, headers = {}) {
    return json(status, {success: false, error, message: `It is ${error}.`, ...more}, headers);
}

export class FakeServer {
    constructor() {
        /** What was asked: method, path, query, headers, body. */
        this.requests = [];
        /** The access tokens that are accepted. */
        this.accepted = new Set();
        /** The refresh token that is accepted, in the cookie or from an app. */
        this.refreshToken = "v1.0";
        this.rotates = false;
        this.userId = 7;
        this.session = "s1";
        this.seconds = 900;
        this.routes = {
            "POST /api/login": () => this.loggedIn(),
            "POST /api/update/access-token": (request) => this.refresh(request),
            "POST /api/revoke/token": () => this.revoke(),
        };
    }

    /** The `fetch` of one browser or app. */
    fetch = async (url, init) => {
        const {pathname, searchParams} = new URL(url);
        const request = {
            method: init.method,
            path: pathname,
            query: Object.fromEntries(searchParams),
            headers: new Headers(init.headers),
            credentials: init.credentials,
            body: typeof init.body === "string" ? JSON.parse(init.body) : init.body,
            signal: init.signal,
        };
        this.requests.push(request);
        if (init.signal?.aborted) throw init.signal.reason;
        const own = this.routes[`${request.method} ${request.path}`] ?? this.routes[request.path];
        if (request.path.startsWith("/api/v1") || !own) {
            const token = request.headers.get("Authorization")?.slice("Bearer ".length);
            if (!this.accepted.has(token)) return refused(401, "invalid_token");
        }
        return own ? await own(request) : json(200, {success: true, data: []});
    };

    /** Sent requests for one path. */
    sent(path) {
        return this.requests.filter((request) => request.path === path);
    }

    token() {
        const token = accessToken({userId: this.userId, session: this.session, seconds: this.seconds});
        this.accepted.add(token);
        return token;
    }

    loggedIn() {
        const body = {token: this.token(), refreshToken: this.refreshToken, user_id: this.userId};
        return json(200, body, {"X-Token-Expires-In": String(this.seconds)});
    }

    refresh(request) {
        const sent = request.headers.get("refreshToken");
        if (!this.refreshToken || (sent !== null && sent !== this.refreshToken)) {
            return refused(401, "invalid_refresh_token");
        }
        const body = {access_token: this.token()};
        if (this.rotates) {
            this.refreshToken = `v1.${Number(this.refreshToken.slice(3)) + 1}`;
            body.refreshToken = this.refreshToken;
        }
        return json(200, body, {"X-Token-Expires-In": String(this.seconds)});
    }

    revoke() {
        this.refreshToken = null;
        this.accepted.clear();
        return json(200, {status: "success", logged_out: 1});
    }

    /** Makes all access tokens invalid, as if they had expired. */
    expire() {
        this.accepted.clear();
    }

    client(options = {}) {
        return createClient({
            url: "https://odoo.example.com",
            fetch: this.fetch,
            storage: memoryStorage(),
            ...options,
        });
    }

    async loggedInClient(options) {
        const client = this.client(options);
        await client.logIn("demo", "demo");
        this.requests.length = 0;
        return client;
    }
}
