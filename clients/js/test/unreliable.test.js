/** Networks, proxies, clocks and storages that fail: a typed error or a retry, nobody logged out, nothing written twice. */

import assert from "node:assert/strict";
import {test} from "node:test";

import {LoggedOutError, memoryStorage, NetworkError, StorageError, UserChangedError} from "../src/index.js";
import {authProvider} from "../src/react-admin.js";
import {FakeServer, json, refused} from "./fake.js";

const REFRESH = "/api/update/access-token";
const PARTNERS = "/api/v1/res.partner";
const HOUR = 3_600_000;

const lost = () => {
    throw new TypeError("fetch failed");
};
const page = (status, headers = {}) => () =>
    new Response("<html><h1>Sorry</h1></html>", {status, headers: {"Content-Type": "text/html", ...headers}});
const inTurn =
    (...answers) =>
    (request) =>
        (answers.length > 1 ? answers.shift() : answers[0])(request);
const made = () => json(201, {success: true, data: {id: 3}});
const changed = () => json(200, {success: true, data: {id: 3}}, {ETag: '"2"'});

/** A body that ends before its end. */
const cutOff = (status = 200) => () => {
    const start = new TextEncoder().encode('{"success": true, "data": [{"id"');
    const pull = (controller) => controller.error(new TypeError("terminated"));
    const body = new ReadableStream({start: (controller) => controller.enqueue(start), pull}, {highWaterMark: 0});
    return new Response(body, {status, headers: {"Content-Type": "application/json"}});
};

/** A storage that is full, or locked. */
function brokenStorage() {
    const storage = memoryStorage();
    const broken = {reads: false, writes: false};
    const fail = (what) => {
        if (broken[what]) throw new DOMException("It is full.", "QuotaExceededError");
    };
    return {
        broken,
        getItem: (key) => (fail("reads"), storage.getItem(key)),
        setItem: (key, value) => (fail("writes"), storage.setItem(key, value)),
        removeItem: (key) => storage.removeItem(key),
    };
}

function withOnline(t, online) {
    const given = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    const state = {onLine: online};
    Object.defineProperty(globalThis, "navigator", {value: state, configurable: true});
    t.after(() => (given ? Object.defineProperty(globalThis, "navigator", given) : delete globalThis.navigator));
    return state;
}

const silenced = (t) => t.mock.method(console, "warn", () => {});

// --- the network -------------------------------------------------------------------------------

test("flight mode during a refresh: the call was not sent, and works when the network is back", async (t) => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.expire();
    const network = withOnline(t, true);
    server.routes[`POST ${REFRESH}`] = () => {
        network.onLine = false;
        return lost();
    };
    server.routes[`POST ${PARTNERS}`] = made;
    await assert.rejects(odoo.create("res.partner", {}), {name: "NetworkError", code: "network_error", uncertain: false});
    assert.equal(server.sent(REFRESH).length, 1);
    assert.equal(odoo.authState.status, "logged-in");
    network.onLine = true;
    server.routes[`POST ${REFRESH}`] = (request) => server.refresh(request);
    assert.equal((await odoo.create("res.partner", {})).record.id, 3);
});

test("without a network, nothing may have been executed", async (t) => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    withOnline(t, false);
    server.routes[`POST ${PARTNERS}`] = lost;
    await assert.rejects(odoo.create("res.partner", {}), {code: "network_error", uncertain: false});
    assert.equal(server.sent(PARTNERS).length, 1);
});

for (const [title, last, uncertain] of [
    ["a server that is down", () => refused(503, "unavailable"), true],
    ["a server that is busy", () => refused(429, "too_many_requests"), true],
    ["a refusal of the values, which an executed request would not have got", () => refused(422, "validation_error"), false],
]) {
    test(`a create that may have been executed says so, though its last try meets ${title}`, async () => {
        const server = new FakeServer();
        const odoo = await server.loggedInClient({retries: 1});
        server.routes[`POST ${PARTNERS}`] = inTurn(lost, last);
        await assert.rejects(odoo.create("res.partner", {}), {uncertain});
        assert.equal(server.sent(PARTNERS).length, 2);
    });
}

test("a session that ends between two tries of a create leaves it uncertain, for this call alone", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes[`POST ${PARTNERS}`] = inTurn(lost, () => refused(401, "invalid_token"));
    server.routes[`GET ${PARTNERS}`] = () => refused(401, "invalid_token");
    server.routes[`POST ${REFRESH}`] = () => refused(401, "invalid_refresh_token");
    const reads = odoo.list("res.partner").catch((error) => error);
    const error = await odoo.create("res.partner", {}).catch((caught) => caught);
    assert.ok(error instanceof LoggedOutError);
    assert.deepEqual([error.name, error.code, error.status, error.uncertain], ["LoggedOutError", "logged_out", 401, true]);
    assert.equal((await reads).uncertain, false);
});

test("a change that creates records through a relation is not sent twice", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes[`PATCH ${PARTNERS}/3`] = lost;
    server.routes[`PATCH ${PARTNERS}`] = lost;
    const values = {child_ids: [[1, 5, {bank_ids: [[0, 0, {acc_number: "1"}]]}]]};
    await assert.rejects(odoo.update("res.partner", 3, values), {code: "network_error", uncertain: true});
    await assert.rejects(odoo.updateMany("res.partner", [{id: 3, values}]), {code: "network_error", uncertain: true});
    assert.equal(server.requests.length, 2);
    server.routes[`PATCH ${PARTNERS}/3`] = inTurn(lost, changed);
    await odoo.update("res.partner", 3, {child_ids: [0, 1, 2], category_id: [[6, 0, [1]], [4, 2]]});
});

test("a body that is cut off is read again", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes[`GET ${PARTNERS}`] = inTurn(cutOff(), () => json(200, {success: true, data: [{id: 1}]}));
    assert.deepEqual((await odoo.list("res.partner")).records, [{id: 1}]);
    server.routes[`POST ${PARTNERS}`] = inTurn(cutOff(201), made);
    assert.equal((await odoo.create("res.partner", {})).record.id, 3);
    const keys = server.sent(PARTNERS).flatMap(({headers}) => headers.get("Idempotency-Key") ?? []);
    assert.deepEqual([keys.length, new Set(keys).size], [2, 1]);
    const once = await server.loggedInClient({retries: 0});
    server.routes[`GET ${PARTNERS}`] = cutOff();
    await assert.rejects(once.list("res.partner"), {name: "NetworkError", uncertain: false});
    server.routes[`PATCH ${PARTNERS}/3`] = cutOff();
    await assert.rejects(once.update("res.partner", 3, {}), {name: "NetworkError", uncertain: true});
});

test("a refusal whose body is cut off logs nobody out", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 0});
    server.expire();
    for (const answer of [cutOff(401), page(401), () => json(401, {error: "unauthorized"}), page(407), page(511), page(302)]) {
        server.routes[`POST ${REFRESH}`] = answer;
        await assert.rejects(odoo.list("res.partner"));
        assert.equal(odoo.authState.status, "logged-in");
    }
    server.routes[`POST ${REFRESH}`] = (request) => server.refresh(request);
    await odoo.list("res.partner");
});

test("a login or a refresh that gets other JSON is no login", async () => {
    const server = new FakeServer();
    const odoo = server.client({retries: 0});
    for (const body of [{}, {token: "x", user_id: 7}, {token: 5}]) {
        server.routes["POST /api/login"] = () => json(200, body);
        await assert.rejects(odoo.logIn("demo", "demo"), {name: "NetworkError", code: "bad_response"});
    }
});

test("reading pages goes on after a restart of the server, from the page that was read last", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 0});
    const pages = {"": [1, "c1"], c1: [2, "c2"], c2: [3, undefined]};
    let down = false;
    server.routes[`GET ${PARTNERS}`] = ({query}) => {
        if (down) return lost();
        const [id, next_cursor] = pages[query.cursor];
        return json(200, {success: true, data: [{id}], page_size: 1, next_cursor});
    };
    const seen = [];
    let cursor = "";
    const read = async () => {
        for await (const part of odoo.pages("res.partner", {cursor})) {
            seen.push(...part.records.map((record) => record.id));
            cursor = part.nextCursor;
            down = seen.length === 1;
        }
    };
    await assert.rejects(read(), NetworkError);
    down = false;
    await read();
    assert.deepEqual(seen, [1, 2, 3]);
});

// --- proxies -----------------------------------------------------------------------------------

for (const status of [502, 504]) {
    test(`a ${status} is a lost response, in the form of the API too`, async () => {
        const server = new FakeServer();
        const odoo = await server.loggedInClient();
        server.routes[`POST ${PARTNERS}`] = inTurn(() => refused(status, "unavailable"), made);
        assert.equal((await odoo.create("res.partner", {})).record.id, 3);
        server.routes["POST /api/own"] = () => refused(status, "unavailable");
        const error = await odoo.request("POST", "/api/own", {json: {}}).catch((caught) => caught);
        assert.ok(error instanceof NetworkError);
        assert.deepEqual([error.code, error.status, error.uncertain], ["unavailable", status, true]);
        assert.equal(server.sent("/api/own").length, 1);
    });
}

test("a page of a proxy with 503 is waited for, as its Retry-After says, then an error", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 1});
    server.routes["POST /api/own"] = page(503, {"Retry-After": "1"});
    const started = Date.now();
    await assert.rejects(odoo.request("POST", "/api/own"), {name: "NetworkError", code: "http_503", status: 503, retryAfter: 1, uncertain: false});
    assert.ok(Date.now() - started >= 990);
    assert.equal(server.sent("/api/own").length, 2);
});

test("a body that is too large is refused once, by the API or by a proxy", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const upload = () => odoo.upload("res.partner", 3, "image_1920", new Blob(["x"]));
    server.routes[`PUT ${PARTNERS}/3/image_1920`] = page(413);
    await assert.rejects(upload(), {name: "ApiError", code: "http_413", status: 413, uncertain: false});
    server.routes[`PUT ${PARTNERS}/3/image_1920`] = () => refused(413, "payload_too_large");
    await assert.rejects(upload(), {name: "ApiError", code: "payload_too_large", status: 413});
    assert.equal(server.requests.length, 2);
});

test("a token that is refused during an upload: the file is sent again", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const path = `${PARTNERS}/3/image_1920`;
    const bodies = [];
    server.routes[`PUT ${path}`] = async ({body}) => {
        bodies.push(await body.text());
        return bodies.length > 1 ? changed() : refused(401, "invalid_token");
    };
    await odoo.upload("res.partner", 3, "image_1920", new Blob(["photo"]), {etag: '"1"'});
    assert.deepEqual(bodies, ["photo", "photo"]);
    assert.equal(server.sent(REFRESH).length, 1);
});

// --- clocks ------------------------------------------------------------------------------------

for (const hours of [-1, 1]) {
    test(`a device whose clock is changed by ${hours} hours stays logged in, with one refresh at most`, async (t) => {
        t.mock.timers.enable({apis: ["Date"], now: 1_700_000_000_000});
        const server = new FakeServer();
        const odoo = await server.loggedInClient();
        t.mock.timers.setTime(1_700_000_000_000 + hours * HOUR);
        await odoo.list("res.partner");
        await odoo.list("res.partner");
        assert.ok(server.sent(REFRESH).length <= 1);
        // and when the token does expire
        server.expire();
        await odoo.list("res.partner");
        assert.equal(odoo.authState.status, "logged-in");
    });

    test(`a Retry-After that is a date is of the server's clock, which differs by ${hours} hours`, async () => {
        const server = new FakeServer();
        const odoo = await server.loggedInClient({retries: 0});
        const now = Date.now() + hours * HOUR;
        const headers = {Date: new Date(now).toUTCString(), "Retry-After": new Date(now + 5000).toUTCString()};
        server.routes[`GET ${PARTNERS}`] = () => refused(429, "too_many_requests", {}, headers);
        await assert.rejects(odoo.list("res.partner"), {status: 429, retryAfter: 5});
    });
}

// --- storages ----------------------------------------------------------------------------------

test("a storage that is full: an app stays logged in until it ends", async (t) => {
    const warned = silenced(t);
    const server = new FakeServer();
    server.rotates = true;
    const storage = brokenStorage();
    const odoo = server.client({storage});
    await odoo.logIn("demo", "demo");
    storage.broken.writes = true;
    for (const token of ["v1.1", "v1.2"]) {
        server.expire();
        await odoo.list("res.partner");
        assert.equal(server.refreshToken, token);
    }
    assert.equal(odoo.authState.status, "logged-in");
    assert.ok(warned.mock.callCount() > 0);
    // the next start must not send a token that was used
    assert.equal((await server.client({storage}).restore()).status, "logged-out");
    // as soon as there is room, it is stored again
    storage.broken.writes = false;
    server.expire();
    await odoo.list("res.partner");
    assert.equal((await server.client({storage}).restore()).status, "logged-in");
});

test("a storage that is full from the start does not prevent a login", async (t) => {
    silenced(t);
    const server = new FakeServer();
    const storage = brokenStorage();
    storage.broken.writes = true;
    for (const mode of ["app", "browser"]) {
        const odoo = server.client({storage, mode});
        assert.equal((await odoo.logIn("demo", "demo")).status, "logged-in");
        server.expire();
        await odoo.list("res.partner");
        await odoo.logOut();
        assert.equal(odoo.authState.status, "logged-out");
        server.refreshToken = "v1.0";
    }
});

test("a storage that is locked is an error of its own, and logs nobody out", async () => {
    const server = new FakeServer();
    const storage = brokenStorage();
    const odoo = server.client({storage});
    await odoo.logIn("demo", "demo");
    server.expire();
    storage.broken.reads = true;
    await assert.rejects(odoo.list("res.partner"), {name: "StorageError", code: "storage_error", status: 0});
    assert.equal(odoo.authState.status, "logged-in");
    storage.broken.reads = false;
    await odoo.list("res.partner");
});

test("a write that cannot be stored is not queued, and the queue goes on when there is room", async () => {
    const server = new FakeServer();
    const queueStorage = brokenStorage();
    const odoo = await server.loggedInClient({queueStorage});
    server.routes[`POST ${PARTNERS}`] = made;
    queueStorage.broken.writes = true;
    await assert.rejects(odoo.queue.create("res.partner", {}), StorageError);
    assert.deepEqual(await odoo.queue.entries(), []);
    queueStorage.broken.writes = false;
    server.routes[`POST ${PARTNERS}`] = () => {
        queueStorage.broken.writes = true;
        return made();
    };
    const events = [];
    odoo.queue.onChange(({type, error}) => events.push(`${type} ${error?.code ?? ""}`.trim()));
    await odoo.queue.create("res.partner", {});
    await odoo.queue.replay();
    // executed, but still stored: it is sent again with the same key
    assert.equal(events.at(-1), "paused storage_error");
    queueStorage.broken.writes = false;
    server.routes[`POST ${PARTNERS}`] = made;
    await odoo.queue.replay();
    assert.deepEqual(await odoo.queue.entries(), []);
    const keys = server.sent(PARTNERS).map(({headers}) => headers.get("Idempotency-Key"));
    assert.deepEqual([keys.length, new Set(keys).size], [2, 1]);
    odoo.close();
});

// --- tabs --------------------------------------------------------------------------------------

test("a tab logs out in the middle of a write of another one: it is executed or refused, never as somebody else", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes[`POST ${PARTNERS}`] = async () => {
        await odoo.logOut();
        return refused(401, "invalid_token");
    };
    await assert.rejects(odoo.create("res.partner", {}), {name: "LoggedOutError", uncertain: false});
    server.refreshToken = "v1.0";
    await odoo.logIn("demo", "demo");
    server.routes[`POST ${PARTNERS}`] = async () => {
        await odoo.logOut();
        [server.userId, server.refreshToken] = [8, "v1.0"];
        await odoo.logIn("admin", "admin");
        return refused(401, "invalid_token");
    };
    await assert.rejects(odoo.create("res.partner", {}), UserChangedError);
    assert.equal(server.sent(PARTNERS).length, 2);
});

test("react-admin logs out for a lost session alone, and never a session that another tab has opened", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const auth = authProvider(odoo);
    await auth.checkError(new UserChangedError());
    await auth.checkError({status: 401, code: "http_401"});
    await assert.rejects(auth.checkError(new LoggedOutError()));
    server.expire();
    server.routes[`POST ${REFRESH}`] = () => refused(401, "invalid_refresh_token");
    await assert.rejects(odoo.list("res.partner"), LoggedOutError);
    await auth.logout();
    assert.equal(server.sent("/api/revoke/token").length, 0);
});

test("a listener that fails stops nothing", async (t) => {
    const failed = [];
    t.mock.method(globalThis, "queueMicrotask", (job) =>
        Promise.resolve().then(job).catch((error) => failed.push(error.message)),
    );
    const server = new FakeServer();
    const odoo = server.client();
    odoo.onAuthStateChange(({status}) => {
        if (status === "logged-in") throw new Error("broken listener");
    });
    assert.equal((await odoo.logIn("demo", "demo")).status, "logged-in");
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(failed, ["broken listener"]);
});

// --- the queue ---------------------------------------------------------------------------------

const queued = async (options) => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 0, ...options});
    return {server, odoo};
};
const LINES = {child_ids: [[0, 0, {name: "Line"}]]};

test("pages of proxies, gateways and lost races do not refuse what is queued", async () => {
    for (const answer of [page(500), page(503), page(404), page(401), () => refused(504, "unavailable"), () => refused(409, "conflict")]) {
        const {server, odoo} = await queued();
        server.routes[`PATCH ${PARTNERS}/3`] = answer;
        await odoo.queue.update("res.partner", 3, {ref: "x"});
        await odoo.queue.replay();
        assert.deepEqual((await odoo.queue.entries()).map((entry) => entry.state), ["waiting"]);
        server.routes[`PATCH ${PARTNERS}/3`] = changed;
        await odoo.queue.replay();
        assert.deepEqual(await odoo.queue.entries(), []);
        odoo.close();
    }
});

test("a queued change that creates records is sent when it cannot have been executed", async (t) => {
    const {server, odoo} = await queued();
    const network = withOnline(t, false);
    server.routes[`PATCH ${PARTNERS}/3`] = lost;
    await odoo.queue.update("res.partner", 3, LINES);
    await odoo.queue.replay();
    const [waiting] = await odoo.queue.entries();
    assert.deepEqual([waiting.state, waiting.sentAt], ["waiting", null]);
    network.onLine = true;
    server.routes[`PATCH ${PARTNERS}/3`] = () => refused(503, "unavailable");
    await odoo.queue.replay();
    server.routes[`PATCH ${PARTNERS}/3`] = changed;
    await odoo.queue.replay();
    assert.deepEqual(await odoo.queue.entries(), []);
    odoo.close();
});

test("a queued change that creates records is not sent twice: the app decides", async () => {
    const {server, odoo} = await queued();
    server.routes[`PATCH ${PARTNERS}/3`] = lost;
    await odoo.queue.update("res.partner", 3, LINES);
    await odoo.queue.replay();
    const [entry] = await odoo.queue.entries();
    assert.deepEqual([entry.state, entry.error.code, entry.error.uncertain], ["refused", "outcome_unknown", true]);
    await odoo.queue.replay();
    assert.equal(server.sent(`${PARTNERS}/3`).length, 1);
    server.routes[`PATCH ${PARTNERS}/3`] = changed;
    await odoo.queue.retry(entry.id);
    assert.deepEqual(await odoo.queue.entries(), []);
    odoo.close();
});

test("a conflict with an earlier try of the same change says that it may be that", async () => {
    const {server, odoo} = await queued();
    server.routes[`PATCH ${PARTNERS}/3`] = lost;
    await odoo.queue.update("res.partner", 3, {ref: "x"}, {etag: '"1"'});
    await odoo.queue.replay();
    server.routes[`PATCH ${PARTNERS}/3`] = () => refused(412, "precondition_failed");
    await odoo.queue.replay();
    const [entry] = await odoo.queue.entries();
    assert.deepEqual([entry.error.code, entry.error.uncertain], ["precondition_failed", true]);
    odoo.close();
});

test("a queued delete whose response was lost is done when the record is gone", async () => {
    const {server, odoo} = await queued();
    server.routes[`DELETE ${PARTNERS}/3`] = lost;
    await odoo.queue.delete("res.partner", 3);
    await odoo.queue.replay();
    server.routes[`DELETE ${PARTNERS}/3`] = () => refused(404, "not_found");
    await odoo.queue.replay();
    assert.deepEqual(await odoo.queue.entries(), []);
    // one that was gone before is told
    await odoo.queue.delete("res.partner", 3);
    await odoo.queue.replay();
    assert.equal((await odoo.queue.entries())[0].error.code, "not_found");
    odoo.close();
});
