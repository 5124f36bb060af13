/** The session: refreshes, log-outs, other users, and what an app stores. */

import assert from "node:assert/strict";
import {test} from "node:test";

import {LoggedOutError, memoryStorage, NetworkError, UserChangedError} from "../src/index.js";
import {accessToken, FakeServer, json, refused} from "./fake.js";

const REFRESH = "/api/update/access-token";
const LIST = "/api/v1/res.partner";

test("calls that find the token expired share one refresh", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.expire();
    await Promise.all([1, 2, 3, 4, 5].map(() => odoo.list("res.partner")));
    assert.equal(server.sent(REFRESH).length, 1);
    assert.equal(server.sent(LIST).length, 10);
});

test("a call is repeated once, never in a loop", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes[`GET ${LIST}`] = () => refused(401, "invalid_token");
    await assert.rejects(odoo.list("res.partner"), {code: "invalid_token", status: 401});
    assert.equal(server.sent(REFRESH).length, 1);
    assert.equal(server.sent(LIST).length, 2);
});

test("the token is replaced before it expires", async (t) => {
    t.mock.timers.enable({apis: ["Date"], now: 1_000_000_000_000});
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    t.mock.timers.setTime(1_000_000_000_000 + 830_000);
    await odoo.list("res.partner");
    assert.equal(server.sent(REFRESH).length, 0);
    t.mock.timers.setTime(1_000_000_000_000 + 850_000);
    await odoo.list("res.partner");
    assert.equal(server.sent(REFRESH).length, 1);
    // no request was refused for it
    assert.equal(server.sent(LIST).length, 2);
});

for (const hours of [-5, 5]) {
    test(`a server whose clock differs by ${hours} hours gets no refresh more`, async () => {
        const server = new FakeServer();
        server.routes["POST /api/login"] = () => {
            const token = accessToken({now: Date.now() / 1000 + hours * 3600});
            server.accepted.add(token);
            // and no header: an older version, or a proxy that removes it
            return json(200, {token, refreshToken: "v1.0", user_id: 7});
        };
        const odoo = await server.loggedInClient();
        await odoo.list("res.partner");
        assert.equal(server.sent(REFRESH).length, 0);
    });
}

test("a token that lives for seconds is used for most of them", async () => {
    const server = new FakeServer();
    server.seconds = 30;
    const odoo = await server.loggedInClient();
    await odoo.list("res.partner");
    assert.equal(server.sent(REFRESH).length, 0);
});

test("while the network is down, a token is used to its end", async (t) => {
    t.mock.timers.enable({apis: ["Date"], now: 1_000_000_000_000});
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 0});
    server.routes[`POST ${REFRESH}`] = () => refused(503, "unavailable");
    t.mock.timers.setTime(1_000_000_000_000 + 850_000);
    await odoo.list("res.partner");
    t.mock.timers.setTime(1_000_000_000_000 + 901_000);
    await assert.rejects(odoo.list("res.partner"), {code: "unavailable"});
    assert.equal(odoo.authState.status, "logged-in");
});

test("a session that has ended logs out, and nothing is sent any more", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const states = [];
    odoo.onAuthStateChange((state) => states.push(`${state.status} ${state.reason}`));
    server.revoke();
    await assert.rejects(odoo.list("res.partner"), LoggedOutError);
    await assert.rejects(odoo.list("res.partner"), {code: "logged_out", status: 401});
    assert.deepEqual(states, ["logged-in login", "logged-out expired"]);
    assert.equal(server.sent(LIST).length, 1);
});

test("the refusal of the profile strict ends the session too", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.expire();
    server.routes[`POST ${REFRESH}`] = () => refused(400, "invalid_grant");
    await assert.rejects(odoo.list("res.partner"), LoggedOutError);
});

test("a network that is down logs nobody out", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 0});
    server.expire();
    server.routes[`POST ${REFRESH}`] = () => {
        throw new TypeError("fetch failed");
    };
    await assert.rejects(odoo.list("res.partner"), NetworkError);
    assert.equal(odoo.authState.status, "logged-in");
    delete server.routes[`POST ${REFRESH}`];
    server.routes[`POST ${REFRESH}`] = (request) => server.refresh(request);
    await odoo.list("res.partner");
});

test("a refresh whose response is lost is repeated with the same token", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.expire();
    let times = 0;
    server.routes[`POST ${REFRESH}`] = (request) => {
        if (times++ === 0) throw new TypeError("fetch failed");
        return server.refresh(request);
    };
    await odoo.list("res.partner");
    const tokens = server.sent(REFRESH).map((request) => request.headers.get("refreshToken"));
    assert.deepEqual(tokens, ["v1.0", "v1.0"]);
});

test("an aborted call does not end the refresh of the others", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.expire();
    const controller = new AbortController();
    server.routes[`POST ${REFRESH}`] = async (request) => {
        controller.abort(new Error("gone"));
        return server.refresh(request);
    };
    const both = [odoo.list("res.partner", {signal: controller.signal}), odoo.list("res.partner")];
    const [first, second] = await Promise.allSettled(both);
    assert.equal(first.reason.message, "gone");
    assert.equal(second.status, "fulfilled");
});

test("nothing is sent as a user who has logged in meanwhile", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const users = [];
    odoo.onAuthStateChange((state) => users.push(state.userId));
    server.expire();
    Object.assign(server, {userId: 8, session: "s2"});
    await assert.rejects(odoo.create("res.partner", {}), UserChangedError);
    assert.equal(server.sent(LIST).length, 1);
    assert.deepEqual(users, [7, 8]);
    await odoo.list("res.partner");
});

test("an app stores each new refresh token before it goes on", async () => {
    const server = new FakeServer();
    server.rotates = true;
    const storage = memoryStorage();
    const odoo = await server.loggedInClient({storage});
    server.expire();
    await odoo.list("res.partner");
    server.expire();
    await odoo.list("res.partner");
    const sent = server.sent(REFRESH).map((request) => request.headers.get("refreshToken"));
    assert.deepEqual(sent, ["v1.0", "v1.1"]);
    // a new process of the app
    const again = server.client({storage});
    assert.deepEqual(await again.restore(), {status: "logged-in", userId: 7, reason: "refresh"});
    assert.equal(server.sent(REFRESH).at(-1).headers.get("refreshToken"), "v1.2");
    assert.deepEqual([...new Set(server.requests.map((request) => request.credentials))], ["omit"]);
});

test("two clients of one storage refresh one after the other", async () => {
    const server = new FakeServer();
    server.rotates = true;
    const storage = memoryStorage();
    const first = await server.loggedInClient({storage});
    const second = server.client({storage});
    await second.restore();
    server.expire();
    await Promise.all([first.list("res.partner"), second.list("res.partner")]);
    const sent = server.sent(REFRESH).map((request) => request.headers.get("refreshToken"));
    assert.deepEqual(sent, ["v1.0", "v1.1", "v1.2"]);
});

test("a token that another process has replaced is read again", async () => {
    const server = new FakeServer();
    const storage = memoryStorage();
    const odoo = await server.loggedInClient({storage});
    server.expire();
    server.routes[`POST ${REFRESH}`] = (request) => {
        if (server.refreshToken === "v1.0") {
            server.refreshToken = "v1.9";
            const key = "odoo-jwt-api.https_odoo.example.com_.refresh-token";
            assert.ok(storage.getItem(key));
            storage.setItem(key, JSON.stringify({refreshToken: "v1.9", userId: 7}));
        }
        return server.refresh(request);
    };
    await odoo.list("res.partner");
    assert.equal(odoo.authState.status, "logged-in");
});

test("rotating replaces the stored token", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["POST /api/update/refresh-token"] = (request) => {
        assert.equal(request.headers.get("refreshToken"), "v1.0");
        server.refreshToken = "v1.5";
        return json(200, {status: "done", refreshToken: "v1.5"});
    };
    await odoo.rotateRefreshToken();
    server.expire();
    await odoo.list("res.partner");
    assert.equal(server.sent(REFRESH)[0].headers.get("refreshToken"), "v1.5");
});

test("rotating goes on with a new access token if the server refuses the old one", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["POST /api/update/refresh-token"] = (request) => {
        const token = request.headers.get("Authorization").slice("Bearer ".length);
        if (!server.accepted.has(token)) return refused(401, "invalid_token");
        server.refreshToken = "v1.5";
        return json(200, {status: "done", refreshToken: "v1.5"});
    };
    server.expire();
    await odoo.rotateRefreshToken();
    assert.equal(server.sent(REFRESH).length, 1);
    assert.equal(server.sent("/api/update/refresh-token").length, 2);
    assert.equal(server.refreshToken, "v1.5");
});

test("in a browser the refresh token is neither stored nor sent", async () => {
    const server = new FakeServer();
    const storage = memoryStorage();
    const odoo = server.client({mode: "browser", storage});
    await odoo.logIn("demo", "demo");
    server.expire();
    await odoo.list("res.partner");
    assert.equal(storage.getItem("odoo-jwt-api.https_odoo.example.com_.refresh-token"), null);
    for (const request of server.requests) {
        assert.equal(request.headers.get("refreshToken"), null);
        assert.equal(request.headers.get("X-Client-Type"), "browser");
        assert.equal(request.credentials, request.path === LIST ? "same-origin" : "include");
    }
});

test("logging out ends the session on the server", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    await odoo.logOut({all: true});
    const [request] = server.sent("/api/revoke/token");
    assert.deepEqual(request.body, {all: true});
    assert.equal(request.headers.get("refreshToken"), "v1.0");
    assert.match(request.headers.get("Authorization"), /^Bearer ey/);
    assert.deepEqual(odoo.authState, {status: "logged-out", userId: null, reason: "logout"});
    await assert.rejects(odoo.list("res.partner"), LoggedOutError);
    assert.equal((await odoo.restore()).status, "logged-out");
    assert.equal(server.sent(REFRESH).length, 0);
});

test("logging out twice is no error", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    await odoo.logOut();
    await odoo.logOut();
    assert.equal(server.sent("/api/revoke/token").length, 1);
});

test("a browser that logs out without a network never uses the cookie again", async () => {
    const server = new FakeServer();
    const storage = memoryStorage();
    const odoo = server.client({mode: "browser", storage, retries: 0});
    await odoo.logIn("demo", "demo");
    const {"POST /api/revoke/token": revoke} = server.routes;
    server.routes["POST /api/revoke/token"] = () => {
        throw new TypeError("fetch failed");
    };
    await assert.rejects(odoo.logOut(), NetworkError);
    assert.equal(odoo.authState.status, "logged-out");
    // the page is loaded again, and the cookie is still there
    const page = server.client({mode: "browser", storage, retries: 0});
    await assert.rejects(page.restore(), NetworkError);
    server.routes["POST /api/revoke/token"] = revoke;
    assert.equal((await page.restore()).status, "logged-out");
    assert.equal(server.refreshToken, null);
    assert.equal(server.sent(REFRESH).length, 0);
});

test("a page that begins learns who is logged in", async () => {
    const server = new FakeServer();
    const odoo = server.client({mode: "browser"});
    assert.equal(odoo.authState.status, "unknown");
    assert.deepEqual(await odoo.restore(), {status: "logged-in", userId: 7, reason: "refresh"});
    server.refreshToken = null;
    assert.deepEqual(await server.client({mode: "browser"}).restore(), {
        status: "logged-out",
        userId: null,
        reason: "start",
    });
});

test("a listener hears the state as it is, then each change, until it leaves", async () => {
    const server = new FakeServer();
    const odoo = server.client();
    const heard = [];
    const leave = odoo.onAuthStateChange((state) => heard.push(state.status));
    await odoo.logIn("demo", "demo");
    await odoo.logOut();
    leave();
    await odoo.logIn("demo", "demo");
    assert.deepEqual(heard, ["unknown", "logged-in", "logged-out"]);
});
